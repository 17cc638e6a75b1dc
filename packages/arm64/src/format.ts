import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';
import type { Arm64Config } from './config.ts';
import { tableLevels } from './levels.ts';
import type { Arm64Policies } from './policies.ts';

// Bits of an entry as the kernel writes them, low lane (asm/pgtable-hwdef.h, asm/pgtable-prot.h).
const PTE_VALID = 1 << 0;
const TYPE_MASK = 3;
const TYPE_TABLE = 3;
const TYPE_PAGE = 3;
const TYPE_SECT = 1;
const PTE_SHARED = 3 << 8;
const PTE_AF = 1 << 10;
/** Of an entry that is not valid: PTE_PRESENT_INVALID. */
const PTE_NG = 1 << 11;
// High lane.
const PTE_WRITE = 1 << 19;
const PTE_CONT = 1 << 20;
const PTE_PXN = 1 << 21;
const PTE_UXN = 1 << 22;
const PTE_DIRTY = 1 << 23;
const TABLE_UXN = 1 << 28;

/** PROT_NORMAL, less what depends on the machine. MT_NORMAL is attribute 0. */
const PROT_NORMAL_HI = PTE_WRITE | PTE_PXN | PTE_UXN;
/** PTE_ADDR_LOW, high lane: bits 49:32. */
const ADDR_LOW_HI = 0x3_ffff;
const LANE = 2 ** 32;

/** arm64 entries as the kernel writes and reads them. */
export class Arm64Format implements PageTableFormat {
  readonly levels: readonly TableLevel[];
  readonly pmdLevel: number;
  /** PTE_MAYBE_NG: leaves made from now on are not global. */
  nonGlobal: boolean;

  readonly #last: number;
  readonly #pageMask: number;
  // Address bits that do not fit in place (PTE_ADDR_HIGH): where they are in the low lane, and how far up they go in the
  // high lane of the address. No bits at all with 48 bits of PA.
  readonly #addrHigh: number;
  readonly #addrHighShift: number;
  // What of these is address when read back: __pte_to_phys() takes PTE_MAYBE_SHARED off first.
  readonly #addrHighRead: number;
  readonly #table: number;
  readonly #leaf: number;
  readonly #blockHi: number;
  // First level that may hold blocks: the PUD, but with 64K pages the PMD (asm/pgtable.h: pud_table()).
  readonly #topBlock: number;

  constructor(config: Arm64Config, policies: Arm64Policies) {
    const { pageSize, paBits, lpa2 } = config;
    this.levels = tableLevels(config);
    this.#last = this.levels.length - 1;
    // Folded into the root with 2 levels.
    this.pmdLevel = this.#last - 1;
    this.#topBlock = pageSize === 65536 ? this.pmdLevel : this.pmdLevel - 1;
    this.#pageMask = -pageSize;
    // pa[51:48] in bits 15:12 with 64K pages, pa[51:50] in bits 9:8 with others: then also on a CPU without LPA2.
    const [addrHigh, shift] = paBits === 48 ? [0, 0] : pageSize === 65536 ? [0xf000, 4] : [0x300, 10];
    this.#addrHigh = addrHigh;
    this.#addrHighShift = shift;
    this.#addrHighRead = lpa2 ? addrHigh : addrHigh & ~PTE_SHARED;
    this.#table = TYPE_TABLE | (policies.tableAccessFlag ? PTE_AF : 0);
    // With LPA2 the shareability is in TCR_EL1 and its bits hold an address.
    this.#leaf = PTE_AF | (lpa2 ? 0 : PTE_SHARED);
    this.#blockHi = PROT_NORMAL_HI | (policies.dirtyBlocks ? PTE_DIRTY : 0);
    this.nonGlobal = config.kpti && config.ngMappings === 'early';
  }

  // __phys_to_pte_val(). With 64K pages pa[49:48] stay in place, too.
  makeTable(_level: number, pa: number, out: Entry): void {
    const hi = pa / LANE;
    out.lo = pa | this.#high(hi) | this.#table;
    out.hi = (hi & ADDR_LOW_HI) | TABLE_UXN;
  }

  makeLeaf(level: number, pa: number, out: Entry): void {
    const hi = pa / LANE;
    const page = level === this.#last;
    out.lo = pa | this.#high(hi) | this.#leaf | (page ? TYPE_PAGE : TYPE_SECT) | (this.nonGlobal ? PTE_NG : 0);
    out.hi = (hi & ADDR_LOW_HI) | (page ? PROT_NORMAL_HI | PTE_DIRTY : this.#blockHi);
  }

  isNone(_level: number, lo: number, hi: number): boolean {
    return (lo | hi) === 0;
  }

  isLeaf(level: number, lo: number, _hi: number): boolean {
    return level === this.#last || (isPresent(lo) && !this.isTable(level, lo));
  }

  tableAddress(_level: number, lo: number, hi: number): number {
    return this.#phys(lo, hi);
  }

  leafAddress(level: number, lo: number, hi: number): number {
    const pa = this.#phys(lo, hi);
    return level === this.#last ? pa : pa - (pa % 2 ** this.levels[level]!.shift);
  }

  /** p?d_present() of an entry that is not none. Above the PUD anything is. */
  isPresent(level: number, lo: number): boolean {
    return level < this.#last - 2 || isPresent(lo);
  }

  /** p?d_table(), and true where the kernel does not ask. */
  isTable(level: number, lo: number): boolean {
    return level < this.#topBlock || (lo & TYPE_MASK) === TYPE_TABLE;
  }

  /** pte_cont(), pmd_cont() */
  isContiguous(hi: number): boolean {
    return (hi & PTE_CONT) !== 0;
  }

  #high(hi: number): number {
    return (hi >>> this.#addrHighShift) & this.#addrHigh;
  }

  // __pte_to_phys()
  #phys(lo: number, hi: number): number {
    const high = (hi & ADDR_LOW_HI) | ((lo & this.#addrHighRead) << this.#addrHighShift);
    return high * LANE + ((lo & this.#pageMask) >>> 0);
  }
}

// pte_present(): valid, or not valid for the CPU alone.
function isPresent(lo: number): boolean {
  return (lo & PTE_VALID) !== 0 || (lo & PTE_NG) !== 0;
}
