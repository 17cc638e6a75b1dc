import { VmemmapError } from '@vmemmap/core';
import type { Clause } from './clause.ts';
import { clauses as allClauses } from './clauses/index.ts';
import type { KnownFailure } from './known-failure.ts';

/** What to run. */
export interface ConformanceOptions<C extends object> {
  /** Configurations of the plugin. Default: its own default alone. */
  readonly configs?: readonly Partial<C>[];
  /** Default: all. */
  readonly clauses?: readonly Clause[];
  /** Clauses the plugin breaks on purpose, as the kernel does. Default: none. */
  readonly knownFailures?: readonly KnownFailure[];
}

/** The same with defaults filled in. */
export interface CompleteOptions {
  readonly configs: readonly Readonly<Record<string, unknown>>[];
  readonly clauses: readonly Clause[];
  readonly knownFailures: readonly KnownFailure[];
}

/** @throws VmemmapError `BAD_ARGUMENT` when a known failure names no clause */
export function completeOptions<C extends object>(options: ConformanceOptions<C>): CompleteOptions {
  const { configs = [{}], clauses = allClauses, knownFailures = [] } = options;
  for (const { clause } of knownFailures) {
    if (allClauses.some(({ id }) => id === clause) || clauses.some(({ id }) => id === clause)) continue;
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `knownFailures names ${JSON.stringify(clause)}, which is no clause; ids are such as ${allClauses[0]!.id}`,
      '@vmemmap/conformance',
    );
  }
  return { configs: configs as readonly Readonly<Record<string, unknown>>[], clauses, knownFailures };
}
