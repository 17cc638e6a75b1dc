import {
  type ArchPlugin,
  altmapFree,
  type Capability,
  definePlugin,
  ENTRY_KIND,
  type Entry,
  type EntryReader,
  type MemoryModel,
  PageTable,
  type PageTableFormat,
  removePagetable,
  type TableLevel,
  TableWalker,
  type VmemmapArch,
  type VmemmapOps,
  vmemmapPopulateHugepages,
} from '../src/index.ts';

const LANE = 2 ** 32;
const LEVELS: readonly TableLevel[] = [
  { name: 'pgd', shift: 30, indexBits: 9 },
  { name: 'pmd', shift: 21, indexBits: 9 },
  { name: 'pte', shift: 12, indexBits: 9 },
];

/** Entries of the made-up architecture: bit 0 present, bit 1 a leaf, bit 2 writable, bit 3 write-protected later. */
export class PagedFormat implements PageTableFormat {
  readonly levels: readonly TableLevel[] = LEVELS;
  readonly pmdLevel: number = 1;
  makeTable(_level: number, pa: number, out: Entry): void {
    out.lo = pa | 1;
    out.hi = (pa / LANE) | 0;
  }
  makeLeaf(_level: number, pa: number, out: Entry): void {
    out.lo = pa | 7;
    out.hi = (pa / LANE) | 0;
  }
  makeReadOnlyLeaf(_level: number, pa: number, out: Entry): void {
    out.lo = pa | 3;
    out.hi = (pa / LANE) | 0;
  }
  writeProtect(lo: number, hi: number, out: Entry): void {
    out.lo = (lo & ~4) | 8;
    out.hi = hi;
  }
  isNone(_level: number, lo: number, hi: number): boolean {
    return (lo | hi) === 0;
  }
  isLeaf(_level: number, lo: number): boolean {
    return (lo & 2) !== 0;
  }
  tableAddress(_level: number, lo: number, hi: number): number {
    return hi * LANE + ((lo & ~0xfff) >>> 0);
  }
  leafAddress(_level: number, lo: number, hi: number): number {
    return hi * LANE + ((lo & ~0xfff) >>> 0);
  }
}

const reader: EntryReader = {
  levels: LEVELS,
  read(_level, lo, hi, out) {
    out.kind = (lo & 1) === 0 ? ENTRY_KIND.absent : (lo & 2) === 0 ? ENTRY_KIND.table : ENTRY_KIND.leaf;
    out.address = hi * LANE + ((lo & ~0xfff) >>> 0);
    out.flagsLo = lo & 0xfff;
    out.flagsHi = 0;
    out.access = out.kind === ENTRY_KIND.leaf && (lo & 4) === 0 ? 1 : 3;
    out.fault = out.kind === ENTRY_KIND.absent ? 'not present' : '';
  },
  pages: {
    low: (lo) => lo & ~0xfff,
    high: (lo, hi) => ((lo & 3) === 3 ? hi : -1),
  },
};

/** The same without the short way. */
const slowReader: EntryReader = { levels: reader.levels, read: reader.read };

const ALL: readonly Capability[] = [
  'huge-pages',
  'altmap',
  'free',
  'page-tables',
  'memory-hotplug',
  'memmap-on-memory',
  'optimize-hugetlb-vmemmap',
  'hugetlb-vmemmap-preinit',
];

/** What a test may have otherwise. */
export interface PagedOptions {
  readonly capabilities?: readonly Capability[];
  readonly model?: Partial<MemoryModel>;
  readonly arch?: Partial<VmemmapArch>;
  /** Whether the walker has the short way to read a page. Default: true. */
  readonly pages?: boolean;
  /** Window's start, not at the start of a root entry by default. */
  readonly start?: bigint;
}

/** A plugin with page tables of three levels that does everything by the generic engine, with a window that begins inside a root entry. */
export function paged({
  capabilities = ALL,
  model = {},
  arch = {},
  start = 0xf000_0000_1000_0000n,
  pages = true,
}: PagedOptions = {}): ArchPlugin {
  return definePlugin({
    name: 'paged',
    about: 'three levels, made up',
    config: {},
    capabilities,
    create: (): VmemmapArch => ({
      name: 'paged',
      config: {},
      model: {
        pageShift: 12,
        sectionSizeBits: 27,
        maxPhysmemBits: 40,
        structPageSize: 64,
        maxPageOrder: 10,
        bootGoal: 0,
        ...model,
      },
      capabilities,
      hugePageSizes: [2 ** 21, 2 ** 30],
      entryLayouts: [],
      window: () => ({ base: start, start, end: start + (1n << 34n) }),
      attach: (m, init): VmemmapOps => {
        const root = init.allocRoot(4096);
        m.tables.create(root, 4096);
        const pageTable = new PageTable(m, new PagedFormat(), root);
        return {
          initMm: { name: 'init_mm', root },
          pageTable,
          walker: new TableWalker(m, pages ? reader : slowReader),
          vmemmapPopulate: (from, end, node, altmap, pgmap) =>
            vmemmapPopulateHugepages(pageTable, from, end, node, altmap, pgmap),
          vmemmapFree: (from, end, altmap) =>
            removePagetable(pageTable, from, end, altmap, {
              isPresent: (_level, lo) => (lo & 1) !== 0,
              removeLeaf(level, slot, index, addr, next, pa, of) {
                const size = pageTable.entrySpan(level);
                if (next - addr < size) return;
                pageTable.clearLeaf(level, slot, index, addr, pa);
                if (of === undefined) m.freePages(pa, size);
                else altmapFree(of, size / 4096);
              },
              afterTable(level, slot, parent, parentIndex, addr) {
                if (pageTable.isEmpty(level, slot)) pageTable.freeTable(level, slot, parent, parentIndex, addr);
              },
            }),
        };
      },
      ...arch,
    }),
  });
}
