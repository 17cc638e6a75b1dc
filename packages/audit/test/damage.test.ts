// Damage put into dumps of real kernels: each kind is found, named by its rule, and located.
import { hex64, isVmemmapError } from '@vmemmap/core';
import { bufferSource, openSources } from '@vmemmap/vmcore';
import { describe, expect, it } from 'vitest';
import { audit, openKernel, readProcesses } from '../src/index.ts';
import { fixture, plugins, RealDump } from './real-dump.ts';

const P = 1n;
const RW = 1n << 1n;
const NX = 1n << 63n;
/** A page frame in the second section, and one in the third. */
const SECOND = 0x8000 + 5;
const THIRD = 0x10000;
/** One in the second section of the RAM of QEMU's arm64 machine, which begins at 1 GiB. */
const ARM = 0x48005;

interface Damage {
  readonly what: string;
  readonly dump: string;
  /** Changes the dump. @returns where it is to be found: an entry's physical address, or a page frame */
  readonly put: (dump: RealDump) => { entry?: number; pfn?: number; count?: number };
  /** Ids of all rules that find it, errors and warnings. */
  readonly rules: readonly string[];
}

const where = (place: { entry?: number; pfn?: number; count?: number }, ..._done: readonly unknown[]): typeof place =>
  place;
const leaf = (dump: RealDump, pfn: number): number => dump.entries(pfn).at(-1)!;
const upper = (dump: RealDump, pfn: number): number => dump.entries(pfn).at(-2)!;
const change = (dump: RealDump, entry: number, to: (raw: bigint) => bigint): { entry: number } => {
  dump.write(entry, to(dump.word(entry)));
  return { entry };
};
/** Physical address of mem_section[nr].section_mem_map. */
const sectionAt = (dump: RealDump, nr: number): number =>
  dump.physical(dump.kernel.sections.find((section) => section.nr === nr)!.va);
/** First page frame whose tails are shared, in `x86-hvo`. */
const HUGETLB = 21504;

const damages: readonly Damage[] = [
  {
    what: 'a leaf is gone',
    dump: 'x86-4level',
    put: (dump) =>
      where(
        { pfn: 0x8000, count: 0x8000 },
        change(dump, leaf(dump, SECOND), () => 0n),
      ),
    rules: ['MAP-1'],
  },
  {
    what: 'a leaf maps the memory of another',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), () => dump.word(leaf(dump, THIRD))),
    rules: ['MAP-3'],
  },
  {
    what: 'a base page lies in a huge page that others have',
    dump: 'x86-hvo',
    put: (dump) =>
      change(
        dump,
        leaf(dump, 1),
        (raw) => (raw & ~0xf_ffff_ffff_f000n) | (dump.word(leaf(dump, 15 * 0x8000)) & 0xf_ffff_ffe0_0000n),
      ),
    rules: ['MAP-3'],
  },
  {
    what: 'a leaf maps what is no memory',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw | (1n << 40n)),
    rules: ['MAP-4'],
  },
  {
    what: 'a leaf maps its own table',
    dump: 'x86-4level',
    put: (dump) =>
      change(
        dump,
        leaf(dump, SECOND),
        (raw) => (raw & ~0xf_ffff_ffff_f000n) | (BigInt(leaf(dump, SECOND)) & ~0x1f_ffffn),
      ),
    rules: ['MAP-5'],
  },
  {
    what: 'struct pages can be executed',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw & ~NX),
    rules: ['PROT-1', 'PROT-5'],
  },
  {
    what: 'user mode can reach struct pages',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw | 4n),
    rules: ['PROT-2', 'PROT-5'],
  },
  {
    what: 'struct pages can only be read',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw & ~RW),
    rules: ['PROT-3', 'PROT-5'],
  },
  {
    what: 'a leaf is not global',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw & ~0x100n),
    rules: ['PROT-5'],
  },
  {
    what: 'a leaf has another memory type',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw | 0x10n),
    rules: ['PROT-5'],
  },
  {
    what: 'a leaf has a reserved bit',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw | (1n << 13n)),
    rules: ['ENT-1', 'MAP-1'],
  },
  {
    what: 'a leaf is not present, and not empty',
    dump: 'x86-4level',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw & ~P),
    rules: ['ENT-4', 'MAP-1'],
  },
  {
    what: 'a table points to itself',
    dump: 'x86-4level',
    put: (dump) => change(dump, upper(dump, SECOND), (raw) => (raw & 0xfffn) | (BigInt(upper(dump, SECOND)) & ~0xfffn)),
    rules: ['ENT-2', 'MAP-1'],
  },
  {
    what: 'two entries point to one table',
    dump: 'x86-4level',
    put: (dump) =>
      where({ entry: upper(dump, SECOND) + 8 }, dump.write(upper(dump, SECOND) + 8, dump.word(upper(dump, SECOND)))),
    rules: ['ENT-2'],
  },
  {
    what: 'a table is outside of memory',
    dump: 'x86-4level',
    put: (dump) => change(dump, upper(dump, SECOND), (raw) => raw | (1n << 40n)),
    rules: ['ENT-3', 'MAP-1'],
  },
  {
    what: 'a table is gone',
    dump: 'x86-4level',
    put: (dump) =>
      where(
        { pfn: 0, count: 16 * 0x8000 },
        change(dump, upper(dump, SECOND), () => 0n),
      ),
    rules: ['MAP-1'],
  },
  {
    what: 'section_mem_map of a section is of another place',
    dump: 'x86-4level',
    put: (dump) => where({ pfn: 3 * 0x8000 }, dump.write(sectionAt(dump, 3), dump.word(sectionAt(dump, 3)) + 0x1000n)),
    rules: ['SEC-1'],
  },
  {
    what: 'a section has lost its struct pages',
    dump: 'x86-4level',
    put: (dump) => where({ pfn: 3 * 0x8000 }, dump.write(sectionAt(dump, 3), dump.word(sectionAt(dump, 3)) & ~2n)),
    rules: ['SEC-2', 'MAP-2'],
  },
  {
    what: 'struct pages are mapped and their section is gone',
    dump: 'x86-4level',
    put: (dump) => where({ entry: leaf(dump, 3 * 0x8000) }, dump.write(sectionAt(dump, 3), 0n)),
    rules: ['MAP-2'],
  },
  {
    what: 'a section is there and nothing is mapped',
    dump: 'x86-4level',
    put: (dump) => {
      // The section behind the last.
      dump.write(sectionAt(dump, 15) + 32, dump.word(sectionAt(dump, 15)));
      return { pfn: 16 * 0x8000, count: 0x8000 };
    },
    rules: ['MAP-1'],
  },
  {
    what: 'a struct page was never set up',
    dump: 'x86-4level',
    put: (dump) => {
      for (const at of [0, 8]) dump.write(dump.structPage(THIRD) + at, -1n);
      return { pfn: THIRD };
    },
    rules: ['SEC-3'],
  },
  {
    what: 'a shared tail can be written',
    dump: 'x86-hvo',
    put: (dump) => change(dump, leaf(dump, HUGETLB + 64 * 3), (raw) => raw | RW | 0x40n),
    rules: ['PROT-4'],
  },
  {
    what: 'the head of a HugeTLB page can only be read',
    dump: 'x86-hvo',
    put: (dump) => change(dump, leaf(dump, HUGETLB), (raw) => raw & ~RW & ~0x40n),
    rules: ['PROT-3'],
  },
  {
    what: 'the head of a HugeTLB page is mapped to its tails',
    dump: 'x86-hvo',
    put: (dump) => change(dump, leaf(dump, HUGETLB), () => dump.word(leaf(dump, HUGETLB + 64))),
    rules: ['PROT-3', 'MAP-3'],
  },
  {
    what: 'a page of tails is shared and its head is none',
    dump: 'x86-hvo',
    put: (dump) =>
      where(
        { entry: leaf(dump, HUGETLB + 64) },
        dump.write(dump.structPage(HUGETLB), dump.word(dump.structPage(HUGETLB)) & ~0x40n),
      ),
    rules: ['MAP-3', 'PROT-3'],
  },
  {
    what: 'tails are mapped to the head of another HugeTLB page',
    dump: 'x86-hvo',
    put: (dump) =>
      where(
        {},
        change(dump, leaf(dump, HUGETLB + 64 * 2), () => dump.word(leaf(dump, HUGETLB + 512))),
      ),
    rules: ['MAP-3', 'PROT-3'],
  },
  {
    what: 'arm64: struct pages can be executed',
    dump: 'arm64-4k',
    put: (dump) => change(dump, leaf(dump, ARM), (raw) => raw & ~(3n << 53n)),
    rules: ['PROT-1', 'PROT-5'],
  },
  {
    what: 'arm64: an entry is not valid',
    dump: 'arm64-4k',
    put: (dump) => change(dump, leaf(dump, ARM), (raw) => raw & ~1n),
    rules: ['ENT-4', 'MAP-1'],
  },
  {
    what: 'arm64: struct pages can only be read',
    dump: 'arm64-4k',
    put: (dump) => change(dump, leaf(dump, ARM), (raw) => raw | (1n << 7n)),
    rules: ['PROT-3', 'PROT-5'],
  },
  {
    what: 'riscv: an entry can be written and not read',
    dump: 'riscv-sv39',
    put: (dump) => change(dump, leaf(dump, 0x90000), (raw) => raw & ~2n),
    rules: ['ENT-1', 'MAP-1'],
  },
  {
    what: 'riscv: struct pages can be executed',
    dump: 'riscv-sv39',
    put: (dump) => change(dump, leaf(dump, 0x90000), (raw) => raw | 8n),
    rules: ['PROT-1', 'PROT-5'],
  },
  {
    what: 's390: a page is invalid',
    dump: 's390',
    put: (dump) =>
      where(
        { pfn: 0x8000 },
        change(dump, leaf(dump, SECOND), (raw) => raw | 0x400n),
      ),
    rules: ['MAP-1', 'ENT-4'],
  },
  {
    what: 's390: a page is protected',
    dump: 's390',
    put: (dump) => change(dump, leaf(dump, SECOND), (raw) => raw | 0x200n),
    rules: ['PROT-3', 'PROT-5'],
  },
  {
    what: 's390: a page is mapped twice',
    dump: 's390',
    put: (dump) => change(dump, leaf(dump, SECOND), () => dump.word(leaf(dump, THIRD))),
    rules: ['MAP-3'],
  },
];

describe('damage', () => {
  it('x86-4level: a process lacks a top-level entry of the vmemmap', () => {
    const dump = new RealDump('x86-4level');
    const processes = readProcesses(dump.kernel.facts, dump.kernel.memory)!;
    expect(processes.map(({ pid, comm }) => [pid, comm])).toContainEqual([1, 'init']);
    const { root } = processes.find(({ pid }) => pid === 1)!;
    const entry = root + 8 * 468;
    expect(dump.word(entry)).toBe(dump.word(dump.kernel.context.ops.initMm.root + 8 * 468));
    dump.write(entry, 0n);
    const [finding, ...others] = audit(dump.reopen()).findings;
    expect(others.map(({ rule, severity }) => [rule, severity])).toEqual([['MODEL-1', 'note']]);
    expect(finding).toMatchObject({
      rule: 'SYNC-1',
      severity: 'error',
      what: 'init (pid 1) has another top-level entry than init_mm',
      va: 0xffff_ea00_0000_0000n,
      entry: { pa: entry, raw: 0n },
      found: 'nothing',
    });
  });

  it('x86-4level: a counter is wrong', () => {
    const dump = new RealDump('x86-4level');
    const at = dump.physical(dump.kernel.facts.symbol('nr_memmap_boot_pages')!);
    dump.write(at, dump.word(at, 'kernel') + 3n, 'kernel');
    expect(audit(dump.reopen()).findings).toEqual([
      expect.objectContaining({
        rule: 'CNT-1',
        what: 'the kernel counts 3 pages too many',
        expected: '8192 pages',
        found: '0 + 8195 = 8195',
      }),
      expect.objectContaining({ rule: 'MODEL-1', severity: 'note', expected: '8192', found: '8195' }),
    ]);
  });

  it('x86-4level: huge pages that are not optimised', () => {
    const dump = new RealDump('x86-4level');
    const { facts } = dump.kernel;
    const at = dump.physical(facts.symbol('hstates')! + BigInt(facts.offset('hstate.nr_huge_pages')!));
    dump.write(at, 3n, 'kernel');
    expect(audit(dump.reopen()).findings).toEqual([
      expect.objectContaining({
        rule: 'HVO-2',
        severity: 'note',
        count: 3,
        what: expect.stringMatching(/^3 of 3 HugeTLB pages of 0x\d+ bytes are not optimised: it is switched off$/),
      }),
    ]);
  });

  it('x86-hotplug: memory is there that no resource tells of', () => {
    const dump = new RealDump('x86-hotplug');
    const { facts } = dump.kernel;
    // The first resource is all there is, and no RAM: what was added is in no step, and the model does without it.
    const at = dump.physical(facts.symbol('iomem_resource')! + 56n);
    const first = dump.word(at, 'kernel');
    dump.write(dump.physical(first + 48n), 0n, 'kernel');
    const { findings } = audit(dump.reopen());
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['MODEL-1']));
    expect(findings.some(({ what }) => what.includes('leaf differs'))).toBe(true);
  });

  it('x86-numa: struct pages lie on the wrong node', () => {
    const dump = new RealDump('x86-numa');
    const { map, nodes } = dump.kernel;
    expect(nodes.length).toBeGreaterThan(1);
    const [first, second] = [0, 1].map((node) => map.ranges.filter((range) => range.node === node).at(-1)!);
    const [a, b] = [first, second].map((range) => leaf(dump, Math.floor((range!.end - 1) / 2 ** 27) * 0x8000));
    const [was, other] = [dump.word(a!), dump.word(b!)];
    dump.write(a!, other);
    dump.write(b!, was);
    const { findings } = audit(dump.reopen());
    const wrong = findings.filter(({ rule }) => rule !== 'MODEL-1');
    expect(wrong.map(({ rule, severity, entry }) => [rule, severity, entry?.pa])).toEqual(
      [a, b].sort((x, y) => x! - y!).map((pa) => ['NODE-1', 'note', pa]),
    );
  });

  it('x86-4level: the list of tasks does not come back', () => {
    const dump = new RealDump('x86-4level');
    const { facts, memory } = dump.kernel;
    const tasks = BigInt(facts.offset('task_struct.tasks')!);
    const init = facts.symbol('init_task')!;
    const first = dump.word(dump.physical(init + tasks), 'kernel');
    dump.write(dump.physical(first), first, 'kernel');
    expect(memory.byteOrder).toBe('little');
    const kernel = dump.reopen();
    expect(() => audit(kernel)).toThrow(/the list of tasks does not come back to init_task/);
  });

  it.each(damages)('$dump: $what', ({ dump: name, put, rules }) => {
    const dump = new RealDump(name);
    const place = put(dump);
    const { findings } = audit(dump.reopen());
    // What real kernels of 7.2 count wrong is in these dumps from the start.
    const bad = findings.filter(
      ({ severity, rule }) => severity !== 'note' && (rule !== 'CNT-1' || rules.includes(rule)),
    );
    expect([...new Set(bad.map(({ rule }) => rule))].sort()).toEqual([...rules].sort());
    const first = bad.filter(({ rule }) => rule === rules[0]);
    if (place.entry !== undefined) {
      const entries = first.map(({ entry }) => entry);
      expect(entries.map((entry) => entry?.pa)).toContain(place.entry);
      expect(entries.find((entry) => entry?.pa === place.entry)?.raw).toBe(dump.word(place.entry));
    }
    if (place.pfn !== undefined) expect(first[0]!.pfn).toBe(place.pfn);
    if (place.count !== undefined) expect(first[0]!.count).toBe(place.count);
  });
});

describe('a dump that cannot be audited', () => {
  const refused = (bytes: Uint8Array): unknown => {
    try {
      audit(openKernel(openSources([bufferSource(bytes, 'damaged')]), plugins));
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const expectError = (bytes: Uint8Array, code: string, text: RegExp): void => {
    const error = refused(bytes);
    expect(isVmemmapError(error) ? [error.code, error.message] : error).toEqual([code, expect.stringMatching(text)]);
  };
  const replaced = (bytes: Uint8Array, from: string, to: string): Uint8Array => {
    const at = Buffer.from(bytes).indexOf(from);
    expect(at).toBeGreaterThan(0);
    expect(to).toHaveLength(from.length);
    bytes.set(new TextEncoder().encode(to), at);
    return bytes;
  };

  it('is cut off', () =>
    expectError(fixture('x86-4level').subarray(0, 100_000), 'TRUNCATED', /damaged has 100000 bytes/));

  it('has no VMCOREINFO', () =>
    expectError(replaced(fixture('x86-4level'), 'OSRELEASE=7', 'OSRELEASX=7'), 'BAD_FORMAT', /no OSRELEASE/));

  it('is of an architecture that nobody knows', () =>
    expectError(
      replaced(fixture('x86-4level'), 'NUMBER(phys_base)', 'NUMBER(phys_bose)'),
      'UNKNOWN_ARCH',
      /no plugin knows the kernel 7\.2\.13/,
    ));

  it('has a root table that is not in it', () =>
    expectError(
      replaced(fixture('x86-4level'), 'NUMBER(phys_base)=0', 'NUMBER(phys_base)=9'),
      'NOT_IN_DUMP',
      /is not mapped|root table/,
    ));

  it('has sections of a size that none have', () =>
    expectError(
      replaced(fixture('x86-4level'), 'SIZE(mem_section)=32', 'SIZE(mem_section)=07'),
      'BAD_FORMAT',
      /mem_section/,
    ));

  it('has a mem_section that points nowhere', () => {
    const dump = new RealDump('x86-4level');
    const array = dump.physical(dump.kernel.facts.symbol('mem_section')!);
    dump.write(array, 0xffff_8880_ffff_0000n);
    expect(() => dump.reopen()).toThrow(/mem_section\[0\] points to 0xffff8880ffff0000/);
  });

  it('has a vmemmap_list that goes round', () => {
    const dump = new RealDump('powerpc-hash-64k');
    const { facts, memory } = dump.kernel;
    const head = dump.physical(facts.symbol('vmemmap_list')!);
    const node = dump.word(head, 'kernel');
    const pa = dump.physical(node);
    expect(hex64(node)).toMatch(/^0xc0/);
    dump.write(pa, node, 'kernel');
    expect(memory.byteOrder).toBe('little');
    expect(() => dump.reopen()).toThrow(/goes round in a circle/);
  });
});
