import {
  ACCESS,
  ENTRY_KIND,
  type EntryReader,
  type EntryReading,
  type PageReader,
  type PopulateContext,
  TableWalker,
  type Translation,
  translation,
  type Walk,
} from '@vmemmap/core';

/**
 * How a RISC-V hart reads its tables. Written from the RISC-V Instruction Set Manual, Volume II, sections "Sv39", "Sv48",
 * "Sv57" and "Virtual Address Translation Process", and deliberately apart from what writes entries.
 */
export interface RiscvPaging {
  /** What satp.MODE selects. */
  readonly mode: 'sv39' | 'sv48' | 'sv57';
  /** Extension Svnapot: bit 63 of a leaf is N. */
  readonly svnapot: boolean;
  /** Extension Svpbmt: bits 62:61 of a leaf are PBMT. */
  readonly svpbmt: boolean;
  /** Extension XTheadMae of T-Head: bits 63:59 of a leaf are memory attributes. */
  readonly theadMae: boolean;
}

/** LEVELS of each mode, 9 bits of the address each, named in the kernel's words. */
const SV39 = [
  { name: 'pgd', shift: 30, indexBits: 9 },
  { name: 'pmd', shift: 21, indexBits: 9 },
  { name: 'pte', shift: 12, indexBits: 9 },
] as const;
const SV48 = [
  { name: 'pgd', shift: 39, indexBits: 9 },
  { name: 'pud', shift: 30, indexBits: 9 },
  ...SV39.slice(1),
] as const;
const SV57 = [
  { name: 'pgd', shift: 48, indexBits: 9 },
  { name: 'p4d', shift: 39, indexBits: 9 },
  ...SV48.slice(1),
] as const;
const SYSTEMS = {
  sv39: { levels: SV39, vaBits: 39 },
  sv48: { levels: SV48, vaBits: 48 },
  sv57: { levels: SV57, vaBits: 57 },
} as const;

/** "Svnapot": the low four bits of the page number say 64 KiB when they are 1000, and nothing else is defined. */
const NAPOT_64K = 8;
/** Pages of 4 KiB in it. */
const NAPOT_PAGES = 16;
const PAGE = 4096;
/**
 * Page number bits of the high lane that stand for addresses from 2^53 on. The manual goes up to 2^56, but the model
 * counts bytes in doubles: there is no memory, and an access faults rather than end at a rounded address.
 */
const VACANT = 0x38_0000;

/** Reads entries as the figure "Sv39 page table entry" lays them out; Sv48 and Sv57 have the same. */
export class RiscvEntryReader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly pages: PageReader;
  readonly #vaBits: number;
  /** High lane: bits that must be 0 in any entry, and PBMT or 0. */
  readonly #reserved: number;
  readonly #pbmt: number;
  readonly #napot: boolean;
  /** The bits of the page number that must be 0 in a leaf of a level, pte.ppn[i-1:0]. */
  readonly #alignedLo: Int32Array;
  readonly #alignedHi: Int32Array;

  constructor({ mode, svnapot, svpbmt, theadMae }: RiscvPaging) {
    const { levels, vaBits } = SYSTEMS[mode];
    this.levels = levels;
    this.#vaBits = vaBits;
    // Bits 60:54 are reserved, 63 without Svnapot, 62:61 without Svpbmt. XTheadMae takes 63:59 for itself.
    this.#reserved = theadMae ? 0x07c0_0000 : 0x1fc0_0000 | (svnapot ? 0 : 0x8000_0000) | (svpbmt ? 0 : 0x6000_0000);
    this.#pbmt = svpbmt ? 0x6000_0000 : 0;
    this.#napot = svnapot;
    const ppnBits = levels.map((_, level) => 9 * (levels.length - 1 - level));
    this.#alignedLo = Int32Array.from(ppnBits, (n) => (2 ** Math.min(22, n) - 1) * 2 ** 10);
    this.#alignedHi = Int32Array.from(ppnBits, (n) => 2 ** Math.max(0, n - 22) - 1);
    // A page with N = 1 depends on its address: that is looked at in full.
    this.pages = new PteReader(svnapot ? this.#reserved | 0x8000_0000 : this.#reserved, this.#pbmt);
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    const fault = this.#fault(level, lo, hi);
    if (fault !== '') {
      out.kind = (lo & 1) === 0 ? ENTRY_KIND.absent : ENTRY_KIND.reserved;
      out.fault = fault;
      return;
    }
    // Bits 53:10 are the page number.
    out.address = (hi & 0x3f_ffff) * 17179869184 + (lo >>> 10) * PAGE;
    out.flagsLo = lo & 0x3ff;
    out.flagsHi = hi & ~0x3f_ffff;
    if ((lo & 0xe) === 0) {
      out.kind = ENTRY_KIND.table;
      out.access = ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user;
      return;
    }
    out.kind = ENTRY_KIND.leaf;
    if (this.#napot && hi < 0) out.address -= NAPOT_64K * PAGE;
    // Step 5: R (bit 1), W (2), X (3), U (4); step 7: a store with D (7) clear faults, which takes the right away.
    out.access =
      ((lo & 2) !== 0 ? ACCESS.read : 0) |
      ((lo & 0x84) === 0x84 ? ACCESS.write : 0) |
      ((lo & 8) !== 0 ? ACCESS.execute : 0) |
      ((lo & 0x10) !== 0 ? ACCESS.user : 0);
  }

  /** "Addressing and Memory Protection" of each mode: the bits above the highest used one must all equal it. */
  refuses(va: bigint): string {
    const top = BigInt.asIntN(64, va) >> BigInt(this.#vaBits - 1);
    return top === 0n || top === -1n ? '' : `bits 63:${this.#vaBits} differ from bit ${this.#vaBits - 1}`;
  }

  // Why an entry ends the walk with a page fault, by the steps of "Virtual Address Translation Process".
  #fault(level: number, lo: number, hi: number): string {
    // Step 3.
    if ((lo & 1) === 0) return 'not valid (V = 0)';
    if ((lo & 6) === 4) return 'reserved: writable but not readable (R = 0, W = 1)';
    const reserved = hi & this.#reserved;
    if (reserved !== 0) return `reserved bit ${63 - Math.clz32(reserved)} set`;
    // Step 4.
    if ((lo & 0xe) === 0) return this.#pointerFault(level, lo, hi);
    if (this.#pbmt !== 0 && (hi & this.#pbmt) === this.#pbmt) return 'reserved memory type (PBMT = 3)';
    if (this.#napot && hi < 0) {
      if (level !== this.levels.length - 1) return 'reserved: N = 1 in a superpage';
      if (((lo >>> 10) & 15) !== NAPOT_64K) return 'reserved: N = 1 with a page number that does not say 64 KiB';
    }
    // Steps 6 and 7. A hart may set A itself instead (Svadu); the kernel has set it in advance, so none ever does.
    if (((lo & this.#alignedLo[level]!) | (hi & this.#alignedHi[level]!)) !== 0) return 'misaligned superpage';
    if ((lo & 0x40) === 0) return 'not accessed (A = 0)';
    return (hi & VACANT) === 0 ? '' : 'access fault: no memory from 2^53 on';
  }

  #pointerFault(level: number, lo: number, hi: number): string {
    if (level === this.levels.length - 1) return 'a pointer where the last level is (R = W = X = 0)';
    // "For non-leaf PTEs, the D, A, and U bits are reserved", and so are PBMT and N. What XTheadMae's bits would mean
    // in a pointer its specification does not say: taken alike.
    if ((lo & 0xd0) !== 0) return `reserved bit ${31 - Math.clz32(lo & 0xd0)} set in a pointer`;
    const attributes = hi & ~0x3f_ffff;
    if (attributes !== 0) return `reserved bit ${63 - Math.clz32(attributes)} set in a pointer`;
    return (hi & VACANT) === 0 ? '' : 'access fault: no memory from 2^53 on';
  }
}

/** A leaf of the last level in short. */
class PteReader implements PageReader {
  readonly #reserved: number;
  readonly #pbmt: number;

  constructor(reserved: number, pbmt: number) {
    this.#reserved = reserved | VACANT;
    // Only the upper of its two bits: set in `x & x << 1` when both are.
    this.#pbmt = pbmt & 0x4000_0000;
  }

  low(lo: number, _hi: number): number {
    return (lo & 0xffff_fc00) << 2;
  }

  high(lo: number, hi: number): number {
    // Bit n of the constant: X, W, R and V as the number n are a leaf that is no reserved one. With A, it maps.
    const maps = (0x8a88 >> (lo & 15)) & (lo >> 6) & 1;
    const bad = (hi & this.#reserved) | (hi & (hi << 1) & this.#pbmt) | (maps ^ 1);
    return bad !== 0 ? -1 : ((hi & 0x3f_ffff) << 2) | (lo >>> 30);
  }
}

/**
 * The walk with what an entry alone does not tell: in 64 KiB of Svnapot the low bits of the page number are those of
 * the address ("Svnapot": pte.ppn[0] is replaced by vpn[0] in its last four bits).
 */
export class RiscvWalker extends TableWalker {
  readonly #napot: boolean;
  readonly #one: Translation = translation();

  constructor(m: PopulateContext, paging: RiscvPaging) {
    super(m, new RiscvEntryReader(paging));
    this.#napot = paging.svnapot;
  }

  override walk(root: number, offset: number, out: Translation): void {
    super.walk(root, offset, out);
    // The window begins at a multiple of 64 KiB.
    if (this.#napot && out.mapped && out.hi < 0) out.pa += (Math.floor(offset / PAGE) & (NAPOT_PAGES - 1)) * PAGE;
  }

  override translate(root: number, va: bigint): Walk {
    const walk = super.translate(root, va);
    const { result } = walk;
    if (this.#napot && result.mapped && result.hi < 0) result.pa += (Number((va >> 12n) & 15n) % NAPOT_PAGES) * PAGE;
    return walk;
  }

  override walkMany(root: number, offsets: Float64Array, pas: Int32Array): void {
    super.walkMany(root, offsets, pas);
    if (!this.#napot) return;
    for (let i = 0; i < offsets.length; i++) if (pas[2 * i + 1] === -1) this.#inFull(root, offsets[i]!, i, pas);
  }

  override walkRange(root: number, first: number, step: number, count: number, pas: Int32Array): void {
    super.walkRange(root, first, step, count, pas);
    if (!this.#napot) return;
    for (let i = 0; i < count; i++) if (pas[2 * i + 1] === -1) this.#inFull(root, first + i * step, i, pas);
  }

  #inFull(root: number, offset: number, i: number, pas: Int32Array): void {
    const one = this.#one;
    this.walk(root, offset, one);
    if (!one.mapped) return;
    pas[2 * i] = one.pa;
    pas[2 * i + 1] = one.pa / 4294967296;
  }
}

/** The root table that a value of satp selects ("Supervisor Address Translation and Protection Register"): bits 43:0 are its page number. */
export function rootOfSatp(satp: bigint): number {
  return Number(satp & 0xfff_ffff_ffffn) * PAGE;
}

/** The mode that a value of satp selects, bits 63:60; undefined for none of these three. */
export function modeOfSatp(satp: bigint): RiscvPaging['mode'] | undefined {
  return ({ 8: 'sv39', 9: 'sv48', 10: 'sv57' } as const)[Number((satp >> 60n) & 15n)];
}
