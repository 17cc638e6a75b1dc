import { diffRuns, runScenario, type Scenario, type ScenarioStep, unsyncedEntries } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { x86 } from '../src/index.ts';

const GiB = 2 ** 30;
/** With 4 levels, the first terabytes whose struct pages need a top-level entry that boot did not make. */
const FAR = 0x2100_0000_0000;

const namespace = (vmemmapShift: number): ScenarioStep => ({
  op: 'memremap',
  id: 'dax0.0',
  node: 0,
  ranges: [{ start: FAR, end: FAR + 2 * GiB }],
  vmemmapShift,
  altmap: undefined,
});

const scenario = (steps: readonly ScenarioStep[]): Scenario => ({
  name: 'a namespace far above RAM',
  machine: { arch: 'x86', config: { la57: false }, memory: [{ node: 0, start: 0, end: GiB }] },
  steps: [{ op: 'process', name: 'init' }, { op: 'process', name: 'bash' }, ...steps],
});

const run = (release: string, steps: readonly ScenarioStep[]) => runScenario(scenario(steps), x86, { release });
const compare = (from: string, to: string, steps: readonly ScenarioStep[]) =>
  diffRuns(run(from, steps), run(to, steps));
const whatChanged = (from: string, to: string, steps: readonly ScenarioStep[]) =>
  compare(from, to, steps).changes.map(({ part, where }) => `${part} ${where.replace(/, .*/, '')}`);

describe('the bug that the series mends', () => {
  it.each(['6.16', '7.3-unsynced'])('leaves other address spaces without the new top-level entry on %s', (release) => {
    const { machine } = run(release, [namespace(9)]);
    expect(unsyncedEntries(machine)).toEqual(
      ['init', 'bash'].map((mm) => ({ mm, level: 'pgd', index: 469, va: 0xffff_ea80_0000_0000n, missing: true })),
    );
    const page = machine.pageAddress(FAR / 4096);
    expect(machine.translate(page).result.mapped).toBe(true);
    const bash = machine.addressSpaces[2]!;
    expect(machine.translate(page, bash.root)).toMatchObject({
      result: { mapped: false, level: 0 },
      steps: [{ level: 'pgd', index: 469, kind: 'absent' }],
    });
  });

  it.each(['6.12', '7.2', '7.3', 'series-04', 'series-05', 'series-05-unsynced', 'series-49'])(
    'is not there on %s',
    (release) => {
      expect(unsyncedEntries(run(release, [namespace(9)]).machine)).toEqual([]);
    },
  );

  it('is not there without compound pages: vmemmap_populate() runs then, and syncs', () => {
    expect(unsyncedEntries(run('7.3-unsynced', [namespace(0)]).machine)).toEqual([]);
  });

  it.each(['series-05', 'series-05-unsynced'])(
    'and its mend are all that differs between 7.3-unsynced and %s',
    (to) => {
      expect(whatChanged('7.3-unsynced', to, [namespace(9)])).toEqual([
        'event step 3 (memremap): top-level entries copied to other address spaces',
        'process init: pgd entry 469',
        'process bash: pgd entry 469',
      ]);
      expect(compare('7.3-unsynced', to, [namespace(9)]).sameBytes).toBe(true);
    },
  );

  it('and the accounting of compounds are all that differs between 6.16 and series-05', () => {
    expect(whatChanged('6.16', 'series-05', [namespace(9)])).toEqual([
      'counter step 3 (memremap): nr_memmap_pages',
      'event step 3 (memremap): top-level entries copied to other address spaces',
      'process init: pgd entry 469',
      'process bash: pgd entry 469',
    ]);
  });
});

describe('patch 4, which only hands the pgmap on', () => {
  it.each([0, 9, 18])('changes nothing for compounds of 2^%i pages', (shift) => {
    const steps: ScenarioStep[] = [namespace(shift), { op: 'memunmap', id: 'dax0.0' }];
    for (const some of [steps, steps.slice(0, 1)]) {
      expect(compare('7.3', 'series-04', some)).toMatchObject({ equal: true, sameBytes: true, changeCount: 0 });
    }
  });
});

describe('the end of the series, as far as it can be inferred', () => {
  it('keeps one page of a compound, and shares one read-only page for all tails of the zone', () => {
    const { machine } = run('series-49', [namespace(9)]);
    const [tail] = machine.hugetlb.sharedTails;
    expect(tail).toMatchObject({ node: 0, zone: 'Device', order: 9 });
    expect(machine.counters.nr_memmap_pages).toBe(1024);
    // The zone's own reference, and one of each of 7 tails of 1024 compounds.
    expect(machine.pageCount(tail!.pa)).toBe(1 + 7 * 1024);
  });

  it('gives all but the shared page back', () => {
    const { machine, steps } = run('series-49', [namespace(9), { op: 'memunmap', id: 'dax0.0' }]);
    expect(steps.map(({ errno }) => errno)).toEqual([0, 0, 0, 0]);
    expect(machine.pageCount(machine.hugetlb.sharedTails[0]!.pa)).toBe(1);
    expect(machine.counters.nr_memmap_pages).toBe(0);
    // Two tables stay as they do today: that of the top level's new entry, and the one page of the zone.
    const taken = steps[2]!.frames.taken - steps[3]!.frames.returned;
    expect(taken).toBe(2 * 4096);
  });

  it('differs from 7.3 in the rights and the sharing of tails, in counters and in cost', () => {
    expect(new Set(compare('7.3', 'series-49', [namespace(9)]).changes.map(({ part }) => part))).toEqual(
      new Set(['counter', 'cost', 'protection', 'sharing']),
    );
  });
});
