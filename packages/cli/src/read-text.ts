import { readText as read } from '@vmemmap/conformance/command';

export { STDIN } from '@vmemmap/conformance/command';

/**
 * Reads a file, or STDIN.
 * @throws VmemmapError `BAD_ARGUMENT` when it cannot be read
 */
export function readText(path: string): string {
  return read(path, '@vmemmap/cli');
}
