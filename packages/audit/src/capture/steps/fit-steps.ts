// In which order things happened, and what was there at boot: what builds the tables that the dump has.
import { isVmemmapError } from '@vmemmap/core';
import type { Capture } from '@vmemmap/core/capture';
import type { AuditContext } from '../../audit-context.ts';
import { type HugetlbOptimize, hugetlbOptimized, hugetlbRestored } from './hugetlb.ts';

type Steps = Capture['steps'];

/**
 * All steps of a dump: memory that was added in between HugeTLB pages of boot and those made later. Which are of boot no
 * kernel says, but gigantic pages of boot, and tails that are made read-only late, leave other tables: each kind of page
 * is taken for one of boot unless the model differs less when it is not.
 * @param added steps that added memory
 * @param differences how many differences the model has with these steps
 */
export function fitSteps(audit: AuditContext, added: Steps, differences: (steps: Steps) => number): Steps {
  const restored = hugetlbRestored(audit);
  const optimised: HugetlbOptimize[] = [
    ...hugetlbOptimized(audit),
    ...restored.map(({ size, pages }): HugetlbOptimize => ({ op: 'hugetlb-optimize', size, pages, boot: true })),
  ];
  const steps = (boot: readonly boolean[]): Steps => [
    ...optimised.filter((_, n) => boot[n]),
    ...added,
    ...optimised.flatMap((step, n) => (boot[n] ? [] : [{ ...step, boot: false }])),
    ...restored,
  ];
  // What the model refuses fits worst.
  const misfits = (boot: readonly boolean[]): number => {
    try {
      return differences(steps(boot));
    } catch (error) {
      if (!isVmemmapError(error)) throw error;
      return Number.POSITIVE_INFINITY;
    }
  };
  let best = optimised.map(() => true);
  if (best.length === 0) return steps(best);
  let least = misfits(best);
  for (let n = 0; n < optimised.length && least > 0; n++) {
    const other = best.map((boot, at) => (at === n ? !boot : boot));
    const count = misfits(other);
    if (count >= least) continue;
    best = other;
    least = count;
  }
  return steps(best);
}
