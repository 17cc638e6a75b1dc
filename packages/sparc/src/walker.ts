import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading, type PageReader } from '@vmemmap/core';

/**
 * How a sparc64 machine reads its tables. No sparc64 CPU walks page tables: on a TLB miss it traps, and what the
 * kernel's handler does there (kvmap_dtlb_4v in arch/sparc/kernel/ktlb.S with KERN_PGTABLE_WALK of asm/tsb.h) is the
 * walk. What it finds is loaded into the TLB, and from there the manuals hold:
 *
 * - sun4u, spitfire: UltraSPARC I & II User's Manual, sec. 6.2 "Translation Table Entry (TTE)", sec. 6.10 "MMU Bypass
 *   Mode", sec. 4.2 for the VA hole
 * - sun4u, cheetah: SPARC Joint Programming Specification 1 (JPS1), appendix F.2 "Translation Table Entry (TTE)"
 * - sun4v: UltraSPARC Architecture 2007, chapter 14 "Memory Management", for the TTE; UltraSPARC Virtual Machine
 *   Specification, mmu_map_addr, for what the hypervisor refuses to load
 *
 * Written from these and deliberately apart from what writes entries.
 */
export interface SparcTlb {
  /** Which TLB there is; `hypervisor` is sun4v, the others are sun4u. */
  readonly tlbType: 'spitfire' | 'cheetah' | 'cheetah+' | 'hypervisor';
  /** sun4v: bits of a real address; the hypervisor has no memory beyond. */
  readonly realAddressBits: number;
  /** Bits of a virtual address that are implemented; 64 has no hole. */
  readonly vaBits: number;
  /** First address that the handler looks up without the TSB. */
  readonly vmemmapBase: bigint;
}

const LEVELS = [
  { name: 'pgd', shift: 43, indexBits: 10 },
  { name: 'pud', shift: 33, indexBits: 10 },
  { name: 'pmd', shift: 23, indexBits: 10 },
  { name: 'pte', shift: 13, indexBits: 10 },
] as const;
const PUD = 1;
const PMD = 2;
const PTE = 3;

/** A table entry takes no rights away. */
const ALL = ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user;
const NOT_LOADED = 'V = 0: the handler takes it for a fault';

/**
 * Bits of a TTE by meaning, in the lane they are in. The sizes are `log2(page / 8 KiB) / 3` as both formats encode
 * them: 0 is 8 KiB, 1 64 KiB, 2 512 KiB, 3 4 MiB, 4 32 MiB, 5 256 MiB, and on sun4v 6 2 GiB and 7 16 GiB.
 */
interface Tte {
  /** PA or taddr, high lane. In the low lane it is 31:13 everywhere. */
  readonly addressHi: number;
  /** High lane: bits for which the hypervisor answers ENORADDR. */
  readonly beyondHi: number;
  /** High lane: NFO. */
  readonly nfo: number;
  /** Low lane: W. */
  readonly writable: number;
  /** Low lane: P. */
  readonly privileged: number;
  /** Low lane: ep; 0 where every page may be executed. */
  readonly executable: number;
  /** Where the size field is; all of it is 0 for 8 KiB. */
  readonly sizeLo: number;
  readonly sizeHi: number;
  size(lo: number, hi: number): number;
}

/** UltraSPARC I & II table 6-1: size is bits 62:61. Bits 48:41 are diagnostic and 58:50, 12:7 software's. */
function sun4uTte(tlbType: SparcTlb['tlbType']): Tte {
  // PA<40:13> on spitfire, PA<42:13> from JPS1 on. Bit 48 is one more bit of the size on UltraSPARC IV+ (Panther),
  // which is one of those that the kernel calls cheetah+ and here stands for all of them.
  const panther = tlbType === 'cheetah+' ? 1 << 16 : 0;
  return {
    addressHi: tlbType === 'spitfire' ? 0x1ff : 0x7ff,
    beyondHi: 0,
    nfo: 1 << 28,
    writable: 1 << 1,
    privileged: 1 << 2,
    executable: 0,
    sizeLo: 0,
    sizeHi: (3 << 29) | panther,
    size: (_lo, hi) => ((hi >>> 29) & 3) + ((hi & panther) !== 0 ? 4 : 0),
  };
}

/** UltraSPARC Architecture 2007, TTE: size is bits 3:0, of which 8 to 15 are reserved, and taddr 55:13. */
function sun4vTte(realAddressBits: number): Tte {
  const addressHi = 2 ** (realAddressBits - 32) - 1;
  return {
    addressHi,
    beyondHi: 0x00ff_ffff & ~addressHi,
    nfo: 1 << 30,
    writable: 1 << 6,
    privileged: 1 << 8,
    executable: 1 << 7,
    sizeLo: 0xf,
    sizeHi: 0,
    size: (lo) => lo & 0xf,
  };
}

const SIZES = ['8 KiB', '64 KiB', '512 KiB', '4 MiB', '32 MiB', '256 MiB', '2 GiB', '16 GiB'];
/** Sizes by level: what the handler resolves an entry to, by filling address bits in. */
const HANDLER_SIZE = [-1, 5, 3, 0];

/** Reads entries as KERN_PGTABLE_WALK and the TLB do. */
export class SparcEntryReader implements EntryReader {
  readonly levels: EntryReader['levels'] = LEVELS;
  readonly pages: PageReader;
  readonly #tte: Tte;
  /** High lane of a table's address: what a bypass access uses, and what it traps on. */
  readonly #bypassHi: number;
  readonly #bypassTraps: number;
  readonly #vaBits: bigint;
  readonly #vmemmapBase: bigint;

  constructor({ tlbType, realAddressBits, vaBits, vmemmapBase }: SparcTlb) {
    const sun4v = tlbType === 'hypervisor';
    this.#tte = sun4v ? sun4vTte(realAddressBits) : sun4uTte(tlbType);
    this.pages = new PteReader(this.#tte);
    this.#vaBits = BigInt(vaBits);
    this.#vmemmapBase = vmemmapBase;
    this.#bypassHi = this.#tte.addressHi;
    this.#bypassTraps = sun4v ? ~this.#tte.addressHi : 0;
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    // Of the last level only V is looked at; above, `brz` takes an entry of 0 for empty, and bit 56 (_PAGE_PUD_HUGE,
    // _PAGE_PMD_HUGE) makes it a TTE. The root has no such bit.
    if (level === PTE) {
      if (hi >= 0) {
        absent(out, NOT_LOADED);
        return;
      }
    } else if ((lo | hi) === 0) {
      absent(out, 'empty (0)');
      return;
    } else if (level === 0 || (hi & (1 << 24)) === 0) {
      this.#table(lo, hi, out);
      return;
    } else if (hi >= 0) {
      absent(out, `bit 56 set and ${NOT_LOADED}`);
      return;
    }
    this.#leaf(level, lo, hi, out);
  }

  // The next level is read with ASI_PHYS_USE_EC at this address, whatever it is.
  #table(lo: number, hi: number, out: EntryReading): void {
    if ((lo & 7) !== 0) {
      reserved(out, 'mem_address_not_aligned: bits 2:0 of a table address set');
      return;
    }
    // sun4v: ASI_PHYS_USE_EC takes a real address, and one that is none traps. sun4u: the bits above are ignored.
    if ((hi & this.#bypassTraps) !== 0) {
      reserved(out, `no real address: bit ${highestBit(hi & this.#bypassTraps)} of a table address set`);
      return;
    }
    out.kind = ENTRY_KIND.table;
    out.address = (hi & this.#bypassHi) * 4294967296 + (lo >>> 0);
    out.flagsLo = 0;
    out.flagsHi = hi & ~this.#bypassHi;
    out.access = ALL;
  }

  #leaf(level: number, lo: number, hi: number, out: EntryReading): void {
    const tte = this.#tte;
    const size = tte.size(lo, hi);
    // With another size the TLB would take other address bits from the entry than the handler fills in: addresses of one
    // entry would share a page, or, above a page of the size, depend on more than the entry. EBADPGSZ for sun4v's reserved.
    if (size !== HANDLER_SIZE[level]) {
      reserved(
        out,
        `page size ${SIZES[size] ?? `code ${size}`}: a ${LEVELS[level]!.name} entry needs ${sizeOf(level)}`,
      );
      return;
    }
    if ((hi & tte.beyondHi) !== 0) {
      reserved(out, `ENORADDR: bit ${highestBit(hi & tte.beyondHi)} of the real address set`);
      return;
    }
    // The TLB ignores the address bits inside a page, and the handler replaces those between its size and the entry's:
    // 22 of a PMD, 32:28 of a PUD. What is left is the address of the whole stretch.
    const lowMask = level === PTE ? 0xffff_e000 : level === PMD ? 0xff80_0000 : 0;
    const highMask = level === PUD ? tte.addressHi & ~1 : tte.addressHi;
    out.kind = ENTRY_KIND.leaf;
    out.address = (hi & highMask) * 4294967296 + ((lo & lowMask) >>> 0);
    out.flagsLo = lo & ~lowMask;
    out.flagsHi = hi & ~highMask;
    out.access = this.#access(lo, hi);
  }

  // NFO: anything but a no-fault load traps. sun4u has no right to execute: what the I-TLB is given, it executes, and
  // kvmap_itlb gives it whatever this walk finds.
  #access(lo: number, hi: number): number {
    const { nfo, writable, privileged, executable } = this.#tte;
    if ((hi & nfo) !== 0) return 0;
    return (
      ACCESS.read |
      ((lo & writable) !== 0 ? ACCESS.write : 0) |
      (executable === 0 || (lo & executable) !== 0 ? ACCESS.execute : 0) |
      ((lo & privileged) === 0 ? ACCESS.user : 0)
    );
  }

  /** What the CPU refuses, and then what the handler sends elsewhere (kvmap_dtlb_4v, kvmap_dtlb_nonlinear). */
  refuses(va: bigint): string {
    const top = BigInt.asIntN(64, va) >> (this.#vaBits - 1n);
    if (top !== 0n && top !== -1n) return `in the VA hole: bits 63:${this.#vaBits - 1n} differ`;
    if (va >> 63n !== 0n) return 'bit 63 set: the linear mapping';
    // `bleu` against PAGE_SIZE: the first byte of the second page is refused too.
    if (va <= 0x2000n) return 'a NULL pointer: not above 0x2000';
    if (va >= this.#vmemmapBase) return '';
    if (va < 0x1000_0000n) return 'below MODULES_VADDR';
    return va >= 0xf000_0000n && va < 0x1_0000_0000n ? 'a mapping of the firmware' : '';
  }
}

/** The TTE of a base page in short. */
class PteReader implements PageReader {
  readonly #addressHi: number;
  /** What must be V = 1 and otherwise clear, so that it is a page of 8 KiB with an address that exists. */
  readonly #mustHi: number;
  readonly #mustLo: number;

  constructor({ addressHi, beyondHi, sizeLo, sizeHi }: Tte) {
    this.#addressHi = addressHi;
    this.#mustHi = (1 << 31) | beyondHi | sizeHi;
    this.#mustLo = sizeLo;
  }

  low(lo: number, _hi: number): number {
    return lo & 0xffff_e000;
  }

  high(lo: number, hi: number): number {
    return (((hi & this.#mustHi) ^ (1 << 31)) | (lo & this.#mustLo)) !== 0 ? -1 : hi & this.#addressHi;
  }
}

function absent(out: EntryReading, fault: string): void {
  out.kind = ENTRY_KIND.absent;
  out.fault = fault;
}

function reserved(out: EntryReading, fault: string): void {
  out.kind = ENTRY_KIND.reserved;
  out.fault = fault;
}

function sizeOf(level: number): string {
  return SIZES[HANDLER_SIZE[level]!]!;
}

function highestBit(high: number): number {
  return 63 - Math.clz32(high);
}
