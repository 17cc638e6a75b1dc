// @ts-check
import { spawnSync } from 'node:child_process';
import { LabError } from './lab-error.mjs';

/** What QEMU can write, and what the lab offers: the others depend on how QEMU was built. */
export const formats = ['elf', 'kdump-zlib', 'kdump-lzo', 'kdump-snappy'];

/**
 * Writes the memory of the stopped guest into a file.
 * @param {import('./qmp.mjs').Qmp} qmp
 * @param {string} format
 * @param {string} file
 * @param {number} seconds
 */
export async function dumpMemory(qmp, format, file, seconds) {
  const completed = qmp.event('DUMP_COMPLETED', seconds);
  // When the command fails, that is the error to report.
  completed.catch(() => {});
  await qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${file}`, format, detach: true });
  const { error } = await completed;
  if (error !== undefined) throw new LabError(`QEMU could not write ${file}: ${error}`);
  // What the guest never touched needs no space on the disk. Where this fails the dump is as good.
  if (format === 'elf') spawnSync('fallocate', ['--dig-holes', file]);
}
