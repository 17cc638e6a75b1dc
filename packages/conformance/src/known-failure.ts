import type { VmemmapArch } from '@vmemmap/core';
import type { Clause } from './clause.ts';

/** A clause that an architecture is known to break, with the reason. It must go on failing, or the list is out of date. */
export interface KnownFailure {
  /** Id of the clause. */
  readonly clause: string;
  /** Only in configurations with these values, defaults filled in. Default: in all. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Why: what the kernel does there, and where. */
  readonly why: string;
}

/** The entry that speaks of a clause and a configuration. */
export function findKnownFailure(
  known: readonly KnownFailure[],
  clause: Clause,
  arch: Pick<VmemmapArch, 'config'>,
): KnownFailure | undefined {
  return known.find(
    (entry) =>
      entry.clause === clause.id &&
      Object.entries(entry.config ?? {}).every(([key, value]) => arch.config[key] === value),
  );
}
