import { describe, expect, it } from 'vitest';
import { boot, ENOMEM, type Machine, OK, type TraceStep } from '../src/index.ts';
import { paged } from './paged.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const PAGE = 4096;

function machine(steps: TraceStep[] = []): Machine {
  const m = boot({
    arch: paged()(),
    memory: {
      ranges: [
        { node: 0, start: 0, end: GiB },
        { node: 1, start: GiB, end: 2 * GiB },
      ],
    },
    trace: (step) => steps.push(step),
  });
  steps.length = 0;
  return m;
}

describe('populating what is populated', () => {
  it('leaves huge pages as they are, one by one', () => {
    const steps: TraceStep[] = [];
    const m = machine(steps);
    const before = m.translatePage(0).result.pa;
    expect(m.ops.vmemmapPopulate(0, 4 * MiB, 0, undefined, undefined)).toBe(OK);
    expect(steps).toEqual([
      { step: 'present', level: 'pmd', offset: 0, count: 1 },
      { step: 'present', level: 'pmd', offset: 2 * MiB, count: 1 },
    ]);
    expect(m.translatePage(0).result.pa).toBe(before);
    expect(m.events).toEqual([]);
  });

  it('warns once of struct pages on another node, with the leaf that was first', () => {
    const m = machine();
    m.ops.vmemmapPopulate(0, 4 * MiB, 1, undefined, undefined);
    expect(m.events).toEqual([
      expect.objectContaining({
        kind: 'pr_warn_once',
        id: 'offnode-page-structs',
        count: 2,
        message: '[0xf000000010000000-0xf0000000101fffff] potential offnode page_structs: on node 0, wanted on node 1',
      }),
    ]);
  });

  it('looks at base pages one by one', () => {
    const steps: TraceStep[] = [];
    const m = machine(steps);
    m.hugetlb.optimize(2 * MiB, [{ start: 0, count: 1 }]);
    steps.length = 0;
    m.ops.vmemmapPopulate(PAGE, 3 * PAGE, 1, undefined, undefined);
    expect(m.events).toEqual([
      expect.objectContaining({
        count: 2,
        message: '[0xf000000010001000-0xf000000010001fff] potential offnode page_structs: on node 0, wanted on node 1',
      }),
    ]);
    expect(steps).toEqual([{ step: 'present', level: 'pte', offset: PAGE, count: 2 }]);
  });
});

describe('populating without memory', () => {
  it('falls back to base pages, and then to an error', () => {
    const steps: TraceStep[] = [];
    const m = machine(steps);
    const offset = m.offsetOfPage((16 * GiB) / PAGE);
    m.failures.add({ order: 9, times: Number.POSITIVE_INFINITY });
    expect(m.ops.vmemmapPopulate(offset, offset + 2 * MiB, 0, undefined, undefined)).toBe(OK);
    m.failures.clear();
    expect(steps.some((step) => step.step === 'out-of-memory' && step.level === 'pmd' && step.size === 2 * MiB)).toBe(
      true,
    );
    expect(m.translatePage((16 * GiB) / PAGE).result).toMatchObject({ mapped: true, span: PAGE });
    expect(m.events.map(({ id }) => id)).toEqual(['vmemmap-alloc-failure']);
    m.failures.add({ times: Number.POSITIVE_INFINITY });
    expect(m.ops.vmemmapPopulate(offset + 2 * MiB, offset + 4 * MiB, 0, undefined, undefined)).toBe(ENOMEM);
  });
});
