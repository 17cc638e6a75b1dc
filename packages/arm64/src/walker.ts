import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading, type PageReader } from '@vmemmap/core';

/**
 * How an arm64 CPU reads the tables of TTBR1_EL1 at stage 1. Written from the Arm Architecture Reference Manual (DDI 0487)
 * ch. D8 "The AArch64 Virtual Memory System Architecture": sec. D8.2 "Translation process", D8.3 "Translation table
 * descriptor formats", D8.4 "Memory access control"; deliberately apart from what writes entries.
 *
 * Access flag and dirty state are software's (TCR_EL1.HA and HD are 0), tables have a say in rights (TCR_EL1.HPD1 is 0).
 */
export interface Arm64Paging {
  /** TCR_EL1.TG1: 4096, 16384 or 65536. */
  readonly granule: number;
  /** 64 - TCR_EL1.T1SZ: the bits of an address that are translated. */
  readonly vaBits: number;
  /**
   * The same for a root table that is read from an earlier entry on than TTBR1_EL1 says, as Linux's with 64K pages when
   * it has set fewer bits than it has entries for. Default: `vaBits`.
   */
  readonly rootVaBits?: number;
  /** TCR_EL1.DS: with a granule of 4K or 16K, descriptors hold addresses of 52 bits (FEAT_LPA2). */
  readonly ds: boolean;
  /** FEAT_LPA: with a granule of 64K, descriptors hold addresses of 52 bits. */
  readonly lpa: boolean;
  /** TCR_EL1.IPS in bits: output addresses that need more fault. */
  readonly ipsBits: number;
}

/** The kernel's names of lookup levels 3, 2, 1, 0; the first one is always the pgd. */
const NAMES = ['pte', 'pmd', 'pud', 'p4d'] as const;
/** The address of a lookup level is translated in steps of as many bits as a table of one granule has entries. */
const ENTRY_BYTES = 8;

/** Sec. D8.2: the levels from the one that T1SZ begins at, with the bits that are left for it. */
function lookupLevels(granule: number, vaBits: number): EntryReader['levels'] {
  const pageBits = Math.log2(granule);
  const stride = Math.log2(granule / ENTRY_BYTES);
  const levels: { name: string; shift: number; indexBits: number }[] = [];
  for (let shift = pageBits, n = 0; shift < vaBits; shift += stride, n++) {
    const indexBits = Math.min(stride, vaBits - shift);
    levels.unshift({ name: shift + stride >= vaBits ? 'pgd' : NAMES[n]!, shift, indexBits });
  }
  return levels;
}

/** Reads descriptors as DDI 0487 sec. D8.3.1 "VMSAv8-64 descriptor formats" lays them out. */
export class Arm64EntryReader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly pages: PageReader;
  readonly #vaBits: bigint;
  readonly #rootLevel: number;
  /** Lookup level above which no descriptor is a block. */
  readonly #firstBlock: number;
  /** Where the address is: bits in the high lane; bits in the low lane that go on top, and how far up. */
  readonly #addressHi: number;
  readonly #topLo: number;
  readonly #topShift: number;
  readonly #tableLo: number;
  /** By level: the address bits in place of a block or a page, which begins with those that its level translates. */
  readonly #leafLo: Int32Array;
  readonly #leafHi: Int32Array;
  readonly #beyondIps: number;
  readonly #ipsBits: number;
  /** By level, made once: most entries of a table are empty. */
  readonly #notValid: readonly string[];

  constructor(paging: Arm64Paging) {
    const { granule, vaBits, rootVaBits = vaBits, ds, lpa, ipsBits } = paging;
    this.levels = lookupLevels(granule, rootVaBits);
    this.#vaBits = BigInt(vaBits);
    this.#rootLevel = 4 - this.levels.length;
    this.#notValid = this.levels.map(
      (_, level) => `translation fault, level ${this.#rootLevel + level}: not valid (bit 0 is 0)`,
    );
    // Blocks: level 2; with 4K level 1; one level more where addresses have 52 bits.
    const wide = granule === 65536 ? lpa : ds;
    this.#firstBlock = (granule === 4096 ? 1 : 2) - (wide ? 1 : 0);
    // Address bits 47 and down are in place. With DS, 49:48 are, too, and 51:50 in bits 9:8; with LPA, 51:48 are in 15:12.
    this.#addressHi = wide && granule !== 65536 ? 0x3_ffff : 0xffff;
    this.#topLo = !wide ? 0 : granule === 65536 ? 0xf000 : 0x300;
    this.#topShift = granule === 65536 ? 4 : 10;
    this.#tableLo = -granule;
    this.#leafLo = Int32Array.from(this.levels, ({ shift }) => (shift < 32 ? -(2 ** shift) : 0));
    this.#leafHi = Int32Array.from(this.levels, ({ shift }) => this.#addressHi & -(2 ** Math.max(0, shift - 32)));
    this.#ipsBits = ipsBits;
    this.#beyondIps = ~(2 ** (ipsBits - 32) - 1);
    this.pages = new PageDescriptor(granule, this.#addressHi, this.#topLo, this.#topShift, this.#beyondIps);
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    if ((lo & 1) === 0) {
      out.kind = ENTRY_KIND.absent;
      out.fault = this.#notValid[level]!;
      return;
    }
    const lookup = this.#rootLevel + level;
    // Bit 1: a table, and at level 3 a page. Without it a block, where there are any.
    const table = lookup < 3 && (lo & 2) !== 0;
    if ((lo & 2) === 0 && (lookup === 3 || lookup < this.#firstBlock)) {
      out.kind = ENTRY_KIND.reserved;
      out.fault = `translation fault, level ${lookup}: ${lookup === 3 ? 'reserved descriptor' : 'no blocks at this level'}`;
      return;
    }
    const inLo = table ? this.#tableLo : this.#leafLo[level]!;
    const inHi = table ? this.#addressHi : this.#leafHi[level]!;
    const high = (hi & inHi) | ((lo & this.#topLo) << this.#topShift);
    if ((high & this.#beyondIps) !== 0) {
      out.kind = ENTRY_KIND.reserved;
      out.fault = `address size fault, level ${lookup}: address bit ${63 - Math.clz32(high)} with ${this.#ipsBits} bits of output address`;
      return;
    }
    if (!table && (lo & 0x400) === 0) {
      out.kind = ENTRY_KIND.reserved;
      out.fault = `access flag fault, level ${lookup}: AF (bit 10) is 0`;
      return;
    }
    out.kind = table ? ENTRY_KIND.table : ENTRY_KIND.leaf;
    out.address = high * 4294967296 + ((lo & inLo) >>> 0);
    out.flagsLo = lo & ~(inLo | this.#topLo);
    out.flagsHi = hi & ~inHi;
    out.access = table ? tableAccess(hi) : leafAccess(lo, hi);
  }

  /** Sec. D8.2: TTBR1_EL1 translates addresses whose bits above T1SZ are all ones; address tags are off. */
  refuses(va: bigint): string {
    const top = BigInt.asIntN(64, va) >> this.#vaBits;
    return top === -1n ? '' : `translation fault, level ${this.#rootLevel}: bits 63:${this.#vaBits} are not all ones`;
  }
}

// Sec. D8.4, data accesses: AP[2] (bit 7) takes writing away, AP[1] (bit 6) lets EL0 in. Instruction fetches of the kernel:
// PXN (bit 53) forbids them, and so does that EL0 may write.
function leafAccess(lo: number, hi: number): number {
  const write = (lo & 0x80) === 0;
  const user = (lo & 0x40) !== 0;
  const execute = (hi & 0x20_0000) === 0 && !(write && user);
  return ACCESS.read | (write ? ACCESS.write : 0) | (user ? ACCESS.user : 0) | (execute ? ACCESS.execute : 0);
}

// Hierarchical control: APTable[1] (bit 62) takes writing away, APTable[0] (61) keeps EL0 out, PXNTable (59) forbids the
// kernel to fetch, for all below.
function tableAccess(hi: number): number {
  return (
    ACCESS.read |
    ((hi & 0x4000_0000) === 0 ? ACCESS.write : 0) |
    ((hi & 0x2000_0000) === 0 ? ACCESS.user : 0) |
    ((hi & 0x800_0000) === 0 ? ACCESS.execute : 0)
  );
}

/** A page descriptor in short: valid, of the kind page, with AF. */
class PageDescriptor implements PageReader {
  readonly #pageLo: number;
  readonly #addressHi: number;
  readonly #topLo: number;
  readonly #topShift: number;
  readonly #beyondIps: number;

  constructor(granule: number, addressHi: number, topLo: number, topShift: number, beyondIps: number) {
    this.#pageLo = -granule;
    this.#addressHi = addressHi;
    this.#topLo = topLo;
    this.#topShift = topShift;
    this.#beyondIps = beyondIps;
  }

  low(lo: number, _hi: number): number {
    return lo & this.#pageLo;
  }

  high(lo: number, hi: number): number {
    const high = (hi & this.#addressHi) | ((lo & this.#topLo) << this.#topShift);
    return ((~lo & 0x403) | (high & this.#beyondIps)) !== 0 ? -1 : high;
  }
}

/**
 * The table that a TTBR1_EL1 value points to (DDI 0487, TTBR1_EL1.BADDR): without ASID and CnP.
 * @param wide addresses have 52 bits: bits 5:2 are address bits 51:48
 */
export function rootOfTtbr1(ttbr1: bigint, wide: boolean): number {
  const low = ttbr1 & 0xffff_ffff_ffc0n;
  if (wide) return Number(low | ((ttbr1 & 0x3cn) << 46n));
  return Number(ttbr1 & 0xffff_ffff_fffen);
}
