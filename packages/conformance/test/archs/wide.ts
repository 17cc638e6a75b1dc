import {
  ACCESS,
  type AddressSpace,
  type ArchPlugin,
  type Capability,
  definePlugin,
  ENTRY_KIND,
  type EntryField,
  type EntryLayout,
  type EntryReader,
  type Errno,
  type InitMm,
  type MemoryModel,
  PageTable,
  type PageTableFormat,
  type PopulateContext,
  type TableLevel,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateBasepages,
  vmemmapPopulateHugepages,
} from '@vmemmap/core';

/** As loongarch: 16 KiB pages, 512 MiB sections, struct pages of 80 bytes, so 2.5 MiB of them in leaves of 32 MiB. */
const MODEL: MemoryModel = {
  pageShift: 14,
  sectionSizeBits: 29,
  maxPhysmemBits: 48,
  structPageSize: 80,
  maxPageOrder: 11,
  bootGoal: 2 ** 32,
};
const LEVELS: readonly TableLevel[] = [
  { name: 'pgd', shift: 36, indexBits: 11 },
  { name: 'pmd', shift: 25, indexBits: 11 },
  { name: 'pte', shift: 14, indexBits: 11 },
];
const FIELDS: readonly EntryField[] = [
  { name: 'page', low: 14, high: 47, about: 'page number' },
  { name: 'L', low: 1, high: 1, about: 'maps a page' },
  { name: 'V', low: 0, high: 0, about: 'valid' },
];
const LAYOUTS: readonly EntryLayout[] = [
  { levels: ['pgd', 'pmd'], kind: 'table', fields: FIELDS },
  { levels: ['pmd', 'pte'], kind: 'leaf', fields: FIELDS },
];
const ROOT_BYTES = 2 ** 14;
/** Not at the start of a leaf, as on s390 and loongarch. */
const BASE = 0xffff_8000_0100_0000n;
const LANE = 2 ** 32;

const format: PageTableFormat = {
  levels: LEVELS,
  pmdLevel: 1,
  makeTable: (_level, pa, out) => Object.assign(out, { lo: pa | 1, hi: (pa / LANE) | 0 }),
  makeLeaf: (_level, pa, out) => Object.assign(out, { lo: pa | 3, hi: (pa / LANE) | 0 }),
  isNone: (_level, lo, hi) => ((lo & ~4) | hi) === 0,
  isLeaf: (_level, lo) => (lo & 2) !== 0,
  tableAddress: (_level, lo, hi) => hi * LANE + ((lo & ~0x3fff) >>> 0),
  leafAddress: (_level, lo, hi) => hi * LANE + ((lo & ~0x3fff) >>> 0),
  // Empty is not zero, as on s390.
  emptyEntry: (_level, out) => Object.assign(out, { lo: 4, hi: 0 }),
};

const reader: EntryReader = {
  levels: LEVELS,
  read(_level, lo, hi, out) {
    out.kind = (lo & 1) === 0 ? ENTRY_KIND.absent : (lo & 2) === 0 ? ENTRY_KIND.table : ENTRY_KIND.leaf;
    out.fault = out.kind === ENTRY_KIND.absent ? 'not valid' : '';
    out.address = hi * 4294967296 + (lo >>> 14) * 16384;
    out.flagsLo = lo & 0x3fff;
    out.flagsHi = 0;
    out.access = ACCESS.read | ACCESS.write;
  },
};

class WideOps implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;
  readonly #hugePages: boolean;

  constructor(m: PopulateContext, init: InitMm, hugePages: boolean) {
    const root = init.allocRoot(ROOT_BYTES);
    const slot = m.tables.create(root, ROOT_BYTES);
    this.initMm = { name: 'init_mm', root };
    this.pageTable = new PageTable(m, format, root);
    for (let index = 0; index < ROOT_BYTES / 8; index++) this.pageTable.clear(0, slot, index);
    this.walker = new TableWalker(m, reader);
    this.#hugePages = hugePages;
  }

  vmemmapPopulate(start: number, end: number, node: number, _altmap: VmemAltmap | undefined): Errno {
    const populate = this.#hugePages ? vmemmapPopulateHugepages : vmemmapPopulateBasepages;
    return populate(this.pageTable, start, end, node, undefined, undefined);
  }

  vmemmapFree(): void {}
}

/** What the wide architecture can be told. */
export interface WideConfig {
  hugePages: boolean;
}

/** Leaves span sections, entries are not zero when empty; nothing freed, no altmap, no other address spaces. */
export const wide: ArchPlugin<WideConfig> = definePlugin<WideConfig>({
  name: 'wide',
  about: 'a made-up architecture with large leaves',
  config: { hugePages: { type: 'boolean', default: true, about: '32 MiB pages' } },
  capabilities: ['huge-pages', 'page-tables'],
  create: ({ hugePages }) => {
    const capabilities: readonly Capability[] = hugePages ? ['huge-pages', 'page-tables'] : ['page-tables'];
    return {
      name: 'wide',
      config: { hugePages },
      model: MODEL,
      capabilities,
      entryLayouts: LAYOUTS,
      window: () => ({ base: BASE, start: BASE, end: BASE + 2n ** 41n }),
      attach: (m, init) => new WideOps(m, init, hugePages),
    };
  },
});
