import { isVmemmapError } from '@vmemmap/core';
import { compareCapture } from '@vmemmap/core/capture';
import { captureAudited } from '../capture/capture-dump.ts';
import type { AuditRule } from '../rule.ts';

const MODEL_1: AuditRule = {
  id: 'MODEL-1',
  severity: 'note',
  title: 'tables, leaves, sections and counters are what this release builds for this machine',
  why: 'mm/sparse-vmemmap.c, mm/hugetlb_vmemmap.c and the architecture are modelled: the machine is built anew, from its memory, its devices and its HugeTLB pages, and compared entry by entry',
  advice:
    'where no other rule finds fault, the machine has a history that its dump does not tell: memory that went away leaves tables, a shortage of memory leaves base pages',
  check(audit, found) {
    try {
      const { capture } = captureAudited(audit, 'dump');
      const { differences, differenceCount } = compareCapture(capture, audit.kernel.plugin);
      for (const [n, { part, where, expected, found: built }] of differences.entries()) {
        const va = /^0x[0-9a-f]{16}\b/.exec(where)?.[0];
        const last = n === differences.length - 1;
        found({
          what: `${part} differs from the model's: ${where}`,
          ...(va !== undefined && { va: BigInt(va) }),
          // A capture expects what the kernel built; here it is the model that says what to expect.
          expected: built,
          found: expected,
          count: last ? differenceCount - n : 1,
        });
      }
    } catch (error) {
      if (!isVmemmapError(error)) throw error;
      found({ what: 'the model cannot build this machine', expected: 'a machine', found: error.message });
    }
  },
};

/** The dump beside the model. */
export const model: readonly AuditRule[] = [MODEL_1];
