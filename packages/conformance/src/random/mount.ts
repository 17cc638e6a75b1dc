import { type ArchPlugin, boot, checkPlugin, hex64, Machine, pageSize, releases, translation } from '@vmemmap/core';
import fc from 'fast-check';
import type { TestRunner } from '../mount.ts';
import { type Subject, subjectOf } from '../subject.ts';
import { readsAnything, roundTrip } from './entries.ts';
import { faultsOf } from './machines.ts';
import { memoryRanges } from './memory.ts';

/** How {@link mountRandomMachines} goes about it. */
export interface RandomOptions<C extends object> {
  /** Configurations of the plugin. Default: its variants. */
  readonly configs?: readonly Partial<C>[];
  /** Machines per configuration. Default 12. */
  readonly machines?: number;
  /** Entries per configuration. Default 300. */
  readonly entries?: number;
  /** No RAM lies at or above it, in bytes. Default 2^38. */
  readonly top?: number;
  /** log2 of the physical addresses that entries can hold, where that is not MAX_PHYSMEM_BITS. */
  readonly physicalBits?: (config: Readonly<Partial<C>>) => number | undefined;
}

const DEFAULT_TOP = 2 ** 38;

/**
 * Makes property tests of a plugin in every configuration: random memory maps get a memmap with everything in its place;
 * entries come back as they were written; and the walker takes any entry there can be. A failure prints the seed.
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
        anyMemory(subject, machines, top));
      it('are the same in runs, block by block, and watched', () => anyWay(subject, Math.ceil(machines / 3), top));
      if (!subject.has('page-tables')) return;
      it('have entries that read back as they were written', () =>
        anyAddress(subject, entries, options.physicalBits?.(config as Readonly<Partial<C>>)));
      it('have a walker that takes any entry', () => anyEntry(subject, entries));
      it('walk through damaged tables to an end', () => anyDamage(subject, entries));
    });
  }
}

function mustBeNone(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'));
}

function anyMemory(subject: Subject, numRuns: number, top: number): void {
  const release = fc.constantFrom(...releases);
  fc.assert(
    fc.property(memoryRanges(subject.geometry, top), release, (ranges, chosen) => {
      mustBeNone(faultsOf(boot({ arch: subject.arch, memory: { ranges }, release: chosen })));
    }),
    { numRuns },
  );
}

function anyWay(subject: Subject, numRuns: number, top: number): void {
  fc.assert(
    fc.property(memoryRanges(subject.geometry, top), (ranges) => {
      const all = { arch: subject.arch, memory: { ranges } };
      const text = (machine: Machine): string =>
        JSON.stringify([[...machine.leaves()], [...machine.tables()]], (_, value) =>
          typeof value === 'bigint' ? hex64(value) : value,
        );
      const inRuns = text(boot(all));
      // A rule that never fires makes allocators work one block at a time.
      const single = new Machine({ ...all, failures: [{ nth: Number.MAX_SAFE_INTEGER }], trace: () => {} }).boot();
      if (text(single) !== inRuns) throw new Error('block by block it becomes another machine');
    }),
    { numRuns },
  );
}

function anyAddress(subject: Subject, numRuns: number, physicalBits?: number): void {
  const machine = subject.fresh();
  const { levels, pmdLevel } = machine.ops.pageTable!.format;
  const last = levels.length - 1;
  const bits = physicalBits ?? machine.model.maxPhysmemBits;
  const page = pageSize(machine.model);
  const leafLevels = subject.has('huge-pages') ? [pmdLevel, last] : [last];
  const place = fc.oneof(
    fc.record({ kind: fc.constant('leaf' as const), level: fc.constantFrom(...leafLevels) }),
    fc.record({ kind: fc.constant('table' as const), level: fc.nat(last - 1) }),
  );
  fc.assert(
    fc.property(place, fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }), ({ kind, level }, any) => {
      const align = kind === 'leaf' ? 2 ** levels[level]!.shift : Math.max(page, 8 * 2 ** levels[level + 1]!.indexBits);
      const pa = Number(any - (any % BigInt(align)));
      // No allocator hands out page 0, and where an entry is a bare address it means "nothing".
      mustBeNone(roundTrip(machine, { kind, level, pa: kind === 'table' ? Math.max(pa, align) : pa }));
    }),
    { numRuns },
  );
}

function anyEntry(subject: Subject, numRuns: number): void {
  const machine = subject.fresh();
  fc.assert(
    fc.property(fc.nat(machine.levels.length - 1), fc.integer(), fc.integer(), (level, lo, hi) => {
      mustBeNone(readsAnything(machine, level, lo, hi));
    }),
    { numRuns },
  );
}

// Entries of a booted machine are overwritten, and what is behind them is looked up in both ways there are.
function anyDamage(subject: Subject, numRuns: number): void {
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
  fc.assert(
    fc.property(damage, fc.nat(0xffff_ffff), ({ table, inWindow, lo, hi }, inside) => {
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
    }),
    { numRuns },
  );
}
