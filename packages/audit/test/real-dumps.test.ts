// Real kernels are sound: nothing is found in their dumps but what HVO and device memory do by design, and two faults of their
// counters.
import { describe, expect, it } from 'vitest';
import { audit } from '../src/index.ts';
import { RealDump } from './real-dump.ts';

interface Sound {
  readonly name: string;
  readonly arch: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly looked: { readonly sections: number; readonly tables: number; readonly leaves: number };
  readonly notes: Readonly<Record<string, number>>;
  readonly saved?: number;
  /** What CNT-1 says. */
  readonly counted?: RegExp;
}

const TAIL = /1 page too few: the page that HugeTLB pages share for their tails is in no counter/;
const ROUNDED = /96 pages too many: each section counts as whole pages, though several share one/;

const sound: readonly Sound[] = [
  {
    name: 'x86-4level',
    arch: 'x86',
    config: { la57: false },
    looked: { sections: 16, tables: 3, leaves: 16 },
    notes: {},
  },
  {
    name: 'x86-hvo',
    arch: 'x86',
    config: { la57: true },
    looked: { sections: 16, tables: 6, leaves: 1038 },
    notes: { 'SIZE-1': 2, 'HVO-1': 64 },
    saved: 64 * 7 * 4096,
    counted: TAIL,
  },
  {
    name: 'x86-dax-ram',
    arch: 'x86',
    config: { la57: true },
    looked: { sections: 24, tables: 20, leaves: 8200 },
    notes: { 'SIZE-1': 16, 'HVO-1': 1024 },
    saved: 1024 * 7 * 4096,
  },
  {
    name: 'x86-dax-pmem',
    arch: 'x86',
    config: { la57: true },
    looked: { sections: 24, tables: 4, leaves: 24 },
    notes: {},
  },
  {
    name: 'x86-hotplug',
    arch: 'x86',
    config: { la57: true },
    looked: { sections: 19, tables: 4, leaves: 19 },
    notes: {},
  },
  {
    name: 'x86-numa',
    arch: 'x86',
    config: { la57: false },
    looked: { sections: 38, tables: 3, leaves: 38 },
    notes: {},
  },
  {
    name: 'arm64-4k',
    arch: 'arm64',
    config: { pageSize: 4096, lpa2: true },
    looked: { sections: 16, tables: 5, leaves: 16 },
    notes: {},
  },
  {
    name: 'arm64-16k',
    arch: 'arm64',
    config: { pageSize: 16384 },
    looked: { sections: 16, tables: 5, leaves: 512 },
    notes: {},
  },
  {
    name: 'riscv-sv39',
    arch: 'riscv',
    config: { mode: 'sv39' },
    looked: { sections: 16, tables: 8, leaves: 1549 },
    notes: { 'SIZE-1': 3, 'HVO-1': 64 },
    saved: 64 * 7 * 4096,
    counted: TAIL,
  },
  {
    name: 's390',
    arch: 's390',
    config: { edat1: false },
    looked: { sections: 16, tables: 34, leaves: 8192 },
    notes: {},
  },
  {
    name: 'powerpc-radix-64k',
    arch: 'powerpc',
    config: { mmu: 'radix', pageSize: 65536 },
    looked: { sections: 128, tables: 3, leaves: 1 },
    notes: {},
    counted: ROUNDED,
  },
  {
    name: 'powerpc-hash-64k',
    arch: 'powerpc',
    config: { mmu: 'hash', pageSize: 65536 },
    looked: { sections: 128, tables: 0, leaves: 32 },
    notes: {},
    counted: ROUNDED,
  },
  {
    name: 'sparc',
    arch: 'sparc',
    config: { vaHoleBottom: 2n ** 43n, structPageSize: 64 },
    looked: { sections: 1, tables: 3, leaves: 1 },
    notes: {},
  },
  {
    name: 'loongarch',
    arch: 'loongarch',
    config: { pageSize: 16384 },
    looked: { sections: 5, tables: 2, leaves: 1 },
    notes: {},
  },
];

describe.each(sound)('$name', ({ name, arch, config, looked, notes, saved = 0, counted }) => {
  const { kernel } = new RealDump(name);
  const report = audit(kernel);

  it('is recognised without hints', () => {
    expect(kernel.plugin.arch).toBe(arch);
    expect(kernel.release.name).toBe('7.2');
    expect(kernel.arch.config).toMatchObject(config);
  });

  it('is sound', () => {
    const bad = report.findings.filter(({ severity }) => severity !== 'note');
    expect(bad.map(({ rule, what }) => [rule, what])).toEqual(
      counted === undefined ? [] : [['CNT-1', expect.stringMatching(counted)]],
    );
    const counts: Record<string, number> = {};
    for (const { rule, count, severity } of report.findings)
      if (severity === 'note') counts[rule] = (counts[rule] ?? 0) + count;
    expect(counts).toEqual(notes);
    expect(report.counts.note).toBe(Object.values(notes).reduce((sum, count) => sum + count, 0));
  });

  it('is looked at as a whole', () => {
    expect(report.looked).toMatchObject(looked);
    expect(report.cost.saved).toBe(saved);
    const mapped = report.picture.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(report.cost.structPages + (saved === 0 ? 0 : saved)).toBeGreaterThanOrEqual(mapped - 4096);
    expect(report.cost.ram).toBe(looked.sections * 2 ** kernel.context.model.sectionSizeBits);
  });
});
