import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';
import type { S390Policies } from './policies.ts';

// Bits of an entry as the kernel writes them, low lane (asm/pgtable.h).
const REGION_ENTRY_TYPE_R2 = 0x8;
const REGION_ENTRY_TYPE_R3 = 0x4;
const REGION_ENTRY_LENGTH = 0x3;
const REGION_ENTRY_INVALID = 0x20;
const REGION_ENTRY_ORIGIN = ~0xfff;
const REGION3_ENTRY_PRESENT = 0x1;
const REGION3_ENTRY_LARGE = 0x400;

const SEGMENT_ENTRY_PRESENT = 0x1;
const SEGMENT_ENTRY_INVALID = 0x20;
const SEGMENT_ENTRY_NOEXEC = 0x100;
const SEGMENT_ENTRY_LARGE = 0x400;
const SEGMENT_ENTRY_ORIGIN = ~0x7ff;
const SEGMENT_ENTRY_ORIGIN_LARGE = ~0xf_ffff;
/** Young and dirty are set beforehand: nothing has to set them in kernel mappings. */
const SEGMENT_ENTRY_YOUNG = 0x1000;
const SEGMENT_ENTRY_DIRTY = 0x2000;
/** Read and write in software, and where they were before the present bit. */
const SEGMENT_ENTRY_RW = 0xc000;
const SEGMENT_ENTRY_RW_OLD = 0x3;

const PAGE_NOEXEC = 0x100;
const PAGE_INVALID = 0x400;
const PAGE_ORIGIN = ~0xfff;
/** __PAGE_KERNEL: present 0x1, young 0x4, dirty 0x8, read 0x10, write 0x20; less no-execute, which the CPU may not have. */
const PAGE_KERNEL = 0x3d;

const LANE = 2 ** 32;

/** Levels below the top (asm/pgtable.h: _REGION2_SHIFT to _PAGE_SHIFT). With 3 levels the p4d is folded. */
const P4D: TableLevel = { name: 'p4d', shift: 42, indexBits: 11 };
const LOWER: readonly TableLevel[] = [
  { name: 'pud', shift: 31, indexBits: 11 },
  { name: 'pmd', shift: 20, indexBits: 11 },
  { name: 'pte', shift: 12, indexBits: 8 },
];

/** s390 entries as the kernel writes and reads them. Empty entries are not zero: they have the invalid bit. */
export class S390Format implements PageTableFormat {
  readonly levels: readonly TableLevel[];
  readonly pmdLevel: number;
  readonly #pud: number;
  readonly #last: number;
  /** By level: an empty entry, and the flags of one that points to a table. */
  readonly #empty: Int32Array;
  readonly #table: Int32Array;
  /** Flags of SEGMENT_KERNEL and PAGE_KERNEL. */
  readonly #segmentLeaf: number;
  readonly #pageLeaf: number;
  /** What makes a segment or region-third entry a leaf: pmd_leaf(), pud_leaf(). */
  readonly #segmentLarge: number;
  readonly #regionLarge: number;

  /** @param levels 3 or 4 */
  constructor(levels: number, nx: boolean, policies: S390Policies) {
    this.levels = levels === 4 ? [P4D, ...LOWER] : LOWER;
    this.#last = this.levels.length - 1;
    this.pmdLevel = this.#last - 1;
    this.#pud = this.#last - 2;
    const { segmentPresentBit } = policies;
    const present = segmentPresentBit ? SEGMENT_ENTRY_PRESENT : 0;
    const region2 = REGION_ENTRY_TYPE_R2 | REGION_ENTRY_LENGTH;
    const region3 = REGION_ENTRY_TYPE_R3 | REGION_ENTRY_LENGTH;
    this.#table = Int32Array.from([region2, region3, present, 0].slice(-this.levels.length));
    // crst_table_init() and memset64() in arch/s390/mm/vmem.c: _REGION2_ENTRY_EMPTY to _PAGE_INVALID.
    const empty = [
      REGION_ENTRY_TYPE_R2 | REGION_ENTRY_INVALID,
      REGION_ENTRY_TYPE_R3 | REGION_ENTRY_INVALID,
      SEGMENT_ENTRY_INVALID,
      PAGE_INVALID,
    ];
    this.#empty = Int32Array.from(empty.slice(-this.levels.length));
    const rw = segmentPresentBit ? SEGMENT_ENTRY_RW : SEGMENT_ENTRY_RW_OLD;
    this.#segmentLeaf =
      SEGMENT_ENTRY_LARGE |
      SEGMENT_ENTRY_YOUNG |
      SEGMENT_ENTRY_DIRTY |
      present |
      rw |
      // boot/startup.c:detect_facilities clears no-execute in every mask when the CPU has none.
      (nx ? SEGMENT_ENTRY_NOEXEC : 0);
    this.#pageLeaf = PAGE_KERNEL | (nx ? PAGE_NOEXEC : 0);
    this.#segmentLarge = SEGMENT_ENTRY_LARGE | present;
    this.#regionLarge = REGION3_ENTRY_LARGE | (segmentPresentBit ? REGION3_ENTRY_PRESENT : 0);
  }

  makeTable(level: number, pa: number, out: Entry): void {
    out.lo = pa | this.#table[level]!;
    out.hi = pa / LANE;
  }

  makeLeaf(level: number, pa: number, out: Entry): void {
    out.lo = pa | (level === this.#last ? this.#pageLeaf : this.#segmentLeaf);
    out.hi = pa / LANE;
  }

  emptyEntry(level: number, out: Entry): void {
    out.lo = this.#empty[level]!;
    out.hi = 0;
  }

  isNone(level: number, lo: number, hi: number): boolean {
    return lo === this.#empty[level]! && hi === 0;
  }

  isLeaf(level: number, lo: number, _hi: number): boolean {
    if (level === this.#last) return true;
    if (level === this.pmdLevel) return (lo & this.#segmentLarge) === this.#segmentLarge;
    return level === this.#pud && (lo & this.#regionLarge) === this.#regionLarge;
  }

  tableAddress(level: number, lo: number, hi: number): number {
    const origin = level === this.pmdLevel ? SEGMENT_ENTRY_ORIGIN : REGION_ENTRY_ORIGIN;
    return (hi >>> 0) * LANE + ((lo & origin) >>> 0);
  }

  leafAddress(level: number, lo: number, hi: number): number {
    const origin = level === this.#last ? PAGE_ORIGIN : SEGMENT_ENTRY_ORIGIN_LARGE;
    return (hi >>> 0) * LANE + ((lo & origin) >>> 0);
  }
}
