import {
  type ArchPlugin,
  checkPlugin,
  hex64,
  type KernelRelease,
  type Machine,
  type MemoryRange,
  releases,
  translation,
} from '@vmemmap/core';
import fc from 'fast-check';
import type { TestRunner } from '../mount.ts';
import { entryPlaces, roundTrip } from '../round-trip.ts';
import { type Subject, subjectOf } from '../subject.ts';
import { readsAnything } from './entries.ts';
import { faultsOf } from './machines.ts';
import { memoryRanges } from './memory.ts';
import { mustHold, type Replay } from './property.ts';

/** How {@link mountRandomMachines} goes about it. */
export interface RandomOptions<C extends object> extends Replay {
  /** Configurations of the plugin. Default: its variants. */
  readonly configs?: readonly Partial<C>[];
  /** Machines per configuration. Default 12. */
  readonly machines?: number;
  /** Entries per configuration. Default 300. */
  readonly entries?: number;
  /** No RAM lies at or above it, in bytes. Default 2^38. */
  readonly top?: number;
}

const DEFAULT_TOP = 2 ** 38;

/**
 * Makes property tests of a plugin in every configuration: random memory maps get a memmap with everything in its place;
 * entries come back as they were written; and the walker takes any entry there can be. A failure has the seed,
 * the smallest machine and the steps.
 */
export function mountRandomMachines<C extends object>(
  { describe, it }: TestRunner,
  plugin: ArchPlugin<C>,
  options: RandomOptions<C> = {},
): void {
  const checked = checkPlugin(plugin);
  const { configs = checked.variants.map(({ config }) => config), machines = 12, entries = 300 } = options;
  const { top = DEFAULT_TOP } = options;
  for (const config of configs as readonly Readonly<Record<string, unknown>>[]) {
    const subject = subjectOf(checked, config);
    describe(`random machines of ${subject.label}`, () => {
      it('get a memmap: every struct page in memory of its own, nothing else mapped', () =>
        anyMemory(subject, machines, top, options));
      it('are the same in runs, block by block, and watched', () =>
        anyWay(subject, Math.ceil(machines / 3), top, options));
      if (!subject.has('page-tables')) return;
      it('have entries that read back as they were written', () => anyAddress(subject, entries, options));
      it('have a walker that takes any entry', () => anyEntry(subject, entries, options));
      it('walk through damaged tables to an end', () => anyDamage(subject, entries, options));
    });
  }
}

function mustBeNone(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'));
}

const NAME = 'random machines';

function anyMemory(subject: Subject, numRuns: number, top: number, replay: Replay): void {
  const examples = fc.record({
    ranges: memoryRanges(subject.geometry, top),
    release: fc.constantFrom(...releases),
  });
  const expected = 'every struct page in memory of its own, and nothing else mapped';
  const check = ({ ranges, release }: { ranges: readonly MemoryRange[]; release: KernelRelease }): void =>
    mustBeNone(faultsOf(subject.fresh({ memory: { ranges }, release })));
  mustHold(subject, { name: NAME, expected, examples, numRuns, check }, replay);
}

function anyWay(subject: Subject, numRuns: number, top: number, replay: Replay): void {
  const text = (machine: Machine): string =>
    JSON.stringify([[...machine.leaves()], [...machine.tables()]], (_, value) =>
      typeof value === 'bigint' ? hex64(value) : value,
    );
  const check = (ranges: readonly MemoryRange[]): void => {
    const memory = { ranges };
    const inRuns = text(subject.fresh({ memory }));
    // A rule that never fires makes allocators work one block at a time.
    const single = subject.fresh({ memory, failures: [{ nth: Number.MAX_SAFE_INTEGER }], trace: () => {} });
    if (text(single) !== inRuns) throw new Error('block by block it becomes another machine');
  };
  const examples = memoryRanges(subject.geometry, top);
  mustHold(
    subject,
    { name: NAME, expected: 'the same machine in runs and block by block', examples, numRuns, check },
    replay,
  );
}

function anyAddress(subject: Subject, numRuns: number, replay: Replay): void {
  const machine = subject.fresh();
  const [first, ...others] = entryPlaces(subject, machine).map((place) =>
    fc.tuple(fc.constant(place), fc.bigInt({ min: 0n, max: (1n << BigInt(place.bits)) - 1n })),
  );
  mustHold(
    subject,
    {
      name: NAME,
      expected: 'an entry that reads back as it was written',
      examples: fc.oneof(first!, ...others),
      numRuns,
      check: ([{ kind, level, align }, any]) => {
        const pa = Number(any - (any % BigInt(align)));
        // No allocator hands out page 0, and where an entry is a bare address it means "nothing".
        mustBeNone(roundTrip(machine, { kind, level, pa: kind === 'table' ? Math.max(pa, align) : pa }));
      },
    },
    replay,
  );
}

function anyEntry(subject: Subject, numRuns: number, replay: Replay): void {
  const machine = subject.fresh();
  const examples = fc.tuple(fc.nat(machine.levels.length - 1), fc.integer(), fc.integer());
  mustHold(
    subject,
    {
      name: NAME,
      expected: 'a walker that takes any entry',
      examples,
      numRuns,
      check: ([level, lo, hi]) => {
        mustBeNone(readsAnything(machine, level, lo, hi));
      },
    },
    replay,
  );
}

// Entries of a booted machine are overwritten, and what is behind them is looked up in both ways there are.
function anyDamage(subject: Subject, numRuns: number, replay: Replay): void {
  const machine = subject.fresh();
  const { root } = machine.ops.initMm;
  const tables = [...machine.tables()];
  const at = translation();
  const damage = fc.record({
    table: fc.nat(tables.length - 1),
    inWindow: fc.nat(0xffff),
    lo: fc.integer(),
    hi: fc.integer(),
  });
  const examples = fc.tuple(damage, fc.nat(0xffff_ffff));
  mustHold(
    subject,
    {
      name: NAME,
      expected: 'walks through damaged tables that end, and agree',
      examples,
      numRuns,
      check: ([{ table, inWindow, lo, hi }, inside]) => {
        const { pa, level, va, firstIndex, lastIndex } = tables[table]!;
        const index = firstIndex + (inWindow % (lastIndex - firstIndex + 1));
        const { shift } = machine.levels[level]!;
        const address = BigInt.asUintN(
          64,
          va + (BigInt(index) << BigInt(shift)) + (BigInt(inside) & ((1n << BigInt(shift)) - 1n)),
        );
        if (address < machine.window.start || address >= machine.window.end) return;
        const lanes = machine.entryLanes(pa, index);
        const before = [...lanes];
        lanes.set([lo, hi]);
        const { result } = machine.translate(address);
        machine.ops.walker.walk(root, Number(address - machine.window.start), at);
        lanes.set(before);
        if (result.mapped !== at.mapped || (result.mapped && result.pa !== at.pa))
          throw new Error(`${hex64(address)}: translate() and walk() do not agree`);
        if (!result.mapped && result.fault === '') throw new Error(`${hex64(address)}: faults and does not say why`);
      },
    },
    replay,
  );
}
