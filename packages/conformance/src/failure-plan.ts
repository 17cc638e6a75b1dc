import type { FailureRule } from '@vmemmap/core';
import { hotAdd } from './hot-add.ts';
import type { Subject } from './subject.ts';

/** Allocations that fail while a section is added. */
export interface FailurePlan {
  /** For a message: `allocations fail from number 3 on`. */
  readonly text: string;
  readonly rules: readonly FailureRule[];
}

const FOREVER = Number.POSITIVE_INFINITY;

/**
 * Ways to run out of memory while the section of the first slot is added: from the first allocations on, where tables
 * are made, from the middle, and at the last one; and all of that again where no huge page is to be had.
 */
export function failurePlans(subject: Subject): readonly FailurePlan[] {
  const { leafBytes, pageBytes } = subject.geometry;
  const plans = plansWith(subject, [], '');
  if (leafBytes === pageBytes) return plans;
  const noHugePages: FailureRule = { order: Math.log2(leafBytes / pageBytes), times: FOREVER };
  return [...plans, ...plansWith(subject, [noHugePages], ', and huge pages always')];
}

function plansWith(subject: Subject, always: readonly FailureRule[], also: string): readonly FailurePlan[] {
  const machine = subject.fresh();
  // A rule that never fires counts.
  for (const rule of [...always, { nth: FOREVER }]) machine.failures.add(rule);
  hotAdd(machine, subject.geometry.slots[0]!, 1);
  const { attempts } = machine.failures;
  const chosen = new Set([1, 2, 3, 4, Math.ceil(attempts / 2), attempts]);
  return [...chosen]
    .filter((nth) => nth === 1 || (nth > 1 && nth <= attempts))
    .map((nth) => ({
      text: `allocations fail from number ${nth} on${also}`,
      rules: [...always, { nth, times: FOREVER }],
    }));
}
