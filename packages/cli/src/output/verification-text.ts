import type { Verification, VmemmapArch } from '@vmemmap/core';
import type { Colors } from './colors.ts';
import { plural } from './plural.ts';

/**
 * What the walker found, a line for each problem.
 * @param shared whether compounds on this machine share pages of struct pages
 */
export function verificationText(found: Verification, arch: VmemmapArch, colors: Colors, shared = false): string {
  const { structPages, leaves, sections, problems } = found;
  const looked = `${plural(structPages, 'struct page')} in ${plural(leaves, 'leaf', 'leaves')} of ${plural(sections, 'section')}`;
  if (sections === 0) return colors.yellow('nothing to verify: no section has a memmap');
  if (problems.length === 0) {
    // Not every machine can keep data from being executed.
    const rights = arch.capabilities.includes('no-execute') ? ', not executable' : '';
    return colors.green(
      `verified ${looked}: ${shared ? 'all mapped, the tails of compounds shared' : 'all mapped once, writable'}, kernel only${rights}`,
    );
  }
  return [colors.red(`not as it should be, of ${looked}:`), ...problems.map((problem) => `  ${problem}`)].join('\n');
}
