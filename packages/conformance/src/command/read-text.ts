import { readFileSync } from 'node:fs';
import { VmemmapError } from '@vmemmap/core';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'this is a directory, not a file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
};

/** What `-` on a command line stands for; errors call it so. */
export const STDIN = '/dev/stdin';

/**
 * Reads a file, or {@link STDIN}.
 * @param from the package whose command asks
 * @throws VmemmapError `BAD_ARGUMENT` when it cannot be read
 */
export function readText(path: string, from: string): string {
  try {
    // Some editors put a byte order mark first.
    return readFileSync(path === STDIN ? 0 : path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const name = path === '' ? 'the empty path' : path;
    throw new VmemmapError('BAD_ARGUMENT', `${name}: ${REASONS[code] ?? `cannot be read (${code})`}`, from);
  }
}
