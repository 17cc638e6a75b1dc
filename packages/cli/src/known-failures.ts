import { clauses, type KnownFailure } from '@vmemmap/conformance';
import { VmemmapError } from '@vmemmap/core';
import { checkJson, parseJson } from '@vmemmap/core/capture';
import { z } from 'zod';
import { readText } from './read-text.ts';

const reason = z.string().min(1, 'give the reason');

/** Clause id → reason, or a reason for the configurations with some values alone. */
const schema = z.record(
  z.string(),
  z.union(
    [
      reason,
      z.strictObject({ why: reason, config: z.record(z.string(), z.union([z.boolean(), z.number(), z.string()])) }),
    ],
    { error: 'must be the reason, or {"why": reason, "config": {key: value}}' },
  ),
);

/**
 * Reads the clauses that a plugin breaks on purpose.
 * @throws VmemmapError `BAD_ARGUMENT` without the file, `BAD_FORMAT` for what is in it
 */
export function readKnownFailures(path: string): KnownFailure[] {
  const known = checkJson(schema, parseJson(readText(path), path), path, 'a list of known failures');
  return Object.entries(known).map(([clause, entry]) => {
    if (!clauses.some(({ id }) => id === clause)) {
      throw new VmemmapError(
        'BAD_FORMAT',
        `${path}: ${JSON.stringify(clause)} is no clause; ids are such as ${clauses[0]!.id}, see vmemmap conformance x86`,
        '@vmemmap/cli',
      );
    }
    return typeof entry === 'string' ? { clause, why: entry } : { clause, ...entry };
  });
}
