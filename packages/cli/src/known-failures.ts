import { type KnownFailure, parseKnownFailures } from '@vmemmap/conformance';
import { readText, STDIN } from './read-text.ts';

/**
 * Reads the clauses that a plugin breaks on purpose.
 * @throws VmemmapError `BAD_ARGUMENT` without the file, `BAD_FORMAT` for what is in it
 */
export function readKnownFailures(path: string): readonly KnownFailure[] {
  return parseKnownFailures(readText(path), path === STDIN ? 'standard input' : path);
}
