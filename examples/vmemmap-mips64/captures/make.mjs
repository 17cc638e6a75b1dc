// What a mips64 kernel with a vmemmap would have built, worked out by hand and not by the plugin: nothing of it, or of core,
// is imported. There is no such kernel; for a real one the files beside this would come from a machine.
//
//   node captures/make.mjs
import { writeFileSync } from 'node:fs';

const hex = (value) => `0x${value.toString(16)}`;
const raw = (value) => `0x${value.toString(16).padStart(16, '0')}`;

const MIB = 1n << 20n;
/** RAM with a hole of two sections in it. */
const RAM = [
  [0n, 512n * MIB],
  [1024n * MIB, 1536n * MIB],
];
const SECTION = 256n * MIB;
const SECTIONS = [0n, 1n, 4n, 5n];
const PGD = 0x100_0000n;

/** MIPS64 EntryLo: PFN from bit 6 on, C 3, D, V, G; XI where there is execute inhibit. */
const flags = (xi) => (xi ? 1n << 62n : 0n) | (3n << 3n) | 7n;
const leaf = (pa, xi) => ((pa >> 12n) << 6n) | flags(xi);
/** Cached, in xkphys. */
const table = (pa) => 0x9800_0000_0000_0000n | pa;

function capture({ name, title, pageShift, shifts, bits, config, leafShift, tablesBelow }) {
  const xi = config.executeInhibit;
  const base = 0xc000_0000_0000_0000n + (1n << BigInt(shifts[0] + bits[0] - 1));
  const windowBytes = (1n << BigInt(40 - pageShift)) * 64n;
  const memmap = (SECTION >> BigInt(pageShift)) * 64n;
  const size = 1n << BigInt(leafShift);
  // From the top of RAM down: first the tables, then what the leaves map.
  const tablePages = tablesBelow.map((_, n) => 1536n * MIB - BigInt(n + 1) * (1n << BigInt(pageShift)));
  const each = memmap / size;
  // Two sections in a row share a run of leaves.
  const runs = [SECTIONS.slice(0, 2), SECTIONS.slice(2)].map((numbers, n) => {
    const count = each * BigInt(numbers.length);
    const first = 1532n * MIB - BigInt(n) * count * size - size;
    return { va: base + numbers[0] * memmap, pa: first, count };
  });
  const index = (level, va) => Number((va >> BigInt(shifts[level])) & ((1n << BigInt(bits[level])) - 1n));
  const levelNames = ['pgd', 'pmd', 'pte'];
  const tables = [['pgd', PGD, 0], ...tablesBelow.map((level, n) => [levelNames[level], tablePages[n], level])].map(
    ([level, pa, depth], n, all) => {
      const span = 1n << BigInt(shifts[depth] + bits[depth]);
      const va = depth === 0 ? base - (base % span) : base;
      const last = base + windowBytes - 1n < va + span - 1n ? base + windowBytes - 1n : va + span - 1n;
      const below = all[n + 1];
      return {
        level,
        pa: hex(pa),
        va: hex(va),
        windowFirstIndex: index(depth, base),
        windowLastIndex: index(depth, last),
        entries:
          below === undefined
            ? []
            : [{ index: index(depth, base), count: 1, firstRaw: raw(table(below[1])), kind: 'table' }],
      };
    },
  );
  const leafCount = Number(runs.reduce((sum, { count }) => sum + count, 0n));
  const rawFlags = raw(flags(xi));
  const document = {
    format: 'vmemmap-capture/1',
    name: `mips64/${name}`,
    title,
    machine: {
      arch: 'mips64',
      release: '7.2',
      pageSize: 2 ** pageShift,
      structPageSize: 64,
      config,
      memory: RAM.map(([start, end]) => ({ node: 0, start: hex(start), end: hex(end) })),
      cmdline: '',
    },
    steps: [],
    expected: {
      vmemmapBase: hex(base),
      vmemmapWindow: { start: hex(base), end: hex(base + windowBytes) },
      levels: shifts.map((shift, level) => ({ name: levelNames[level], shift, indexBits: bits[level] })),
      entryEndian: 'little',
      sectionSizeBits: 28,
      sections: [0, 2].map((at) => ({
        nr: Number(SECTIONS[at]),
        startPfn: hex((SECTIONS[at] * SECTION) >> BigInt(pageShift)),
        raw: hex(base | 0xfn),
        flags: ['MARKED_PRESENT', 'HAS_MEM_MAP', 'IS_ONLINE', 'IS_EARLY'],
        subsectionMap: hex((1n << (SECTION / (2n * MIB))) - 1n),
        count: 2,
      })),
      counters: { nr_memmap_pages: 0, nr_memmap_boot_pages: Number((4n * memmap) >> BigInt(pageShift)) },
      tables,
      leaves: runs.map(({ va, pa, count }) => ({
        va: hex(va),
        pa: hex(pa),
        leafSize: hex(size),
        level: leafShift === pageShift ? 'pte' : 'pmd',
        count: Number(count),
        paStep: `-${hex(size)}`,
        rawFlags,
        firstRaw: raw(leaf(pa, xi)),
      })),
      summary: {
        tables: Object.fromEntries(
          levelNames.map((level) => [level, tables.filter((one) => one.level === level).length]),
        ),
        leavesBySizeAndFlags: { [`${hex(size)}/${rawFlags}`]: leafCount },
        distinctLeafPas: leafCount,
        leafCount,
        mappedBytes: leafCount * Number(size),
      },
      outside: [],
    },
  };
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(document, null, 1)}\n`);
}

capture({
  name: 'boot-1g',
  title: 'mips64, 4K pages, booted with 1 GiB of memory with a hole in it',
  pageShift: 12,
  shifts: [30, 21, 12],
  bits: [10, 9, 9],
  config: { pageSize: 4096, executeInhibit: true },
  leafShift: 21,
  tablesBelow: [1],
});
capture({
  name: 'boot-1g-16k',
  title: 'mips64, 16K pages, no execute inhibit, booted with 1 GiB of memory with a hole in it',
  pageShift: 14,
  shifts: [36, 25, 14],
  bits: [11, 11, 11],
  config: { pageSize: 16384, executeInhibit: false },
  leafShift: 14,
  tablesBelow: [1, 2],
});
