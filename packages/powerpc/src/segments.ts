import type { PowerpcConfig } from './config.ts';

/** asm/book3s/64/mmu-hash.h: VSID_MULTIPLIER_256M and VSID_MULTIPLIER_1T. */
const VSID_MULTIPLIER = 12538073n;
/** asm/book3s/64/mmu-hash.h: VA_BITS, and what CPUs without MMU_FTR_68_BIT_VA have. */
const VA_BITS = 68n;
const VA_BITS_OLD = 65n;
/** asm/book3s/64/mmu-hash.h: SID_SHIFT_1T and SID_SHIFT. */
const SID_SHIFT_1T = 40;
const SID_SHIFT_256M = 28;
/** asm/book3s/64/mmu-hash.h: VA_BITS less CONTEXT_BITS (19): bits of an effective address within a context. */
const EA_BITS_PER_CONTEXT = 49n;
/**
 * get_kernel_context() of the vmemmap: its region id 4, and MAX_KERNEL_CTX_CNT - 1. With 64K pages the linear mapping of
 * 51 bits takes 4 contexts, with 4K pages 1.
 */
const CONTEXT_64K = 7n;
const CONTEXT_4K = 4n;

/** The kernel's segments in the vmemmap: what the SLB is loaded with for them (arch/powerpc/mm/book3s64/slb.c). */
export class KernelSegments {
  /** log2 of the bytes of a segment. */
  readonly shift: number;
  /** Field B of entries: 1 for segments of 1 TiB, 0 for 256 MiB. */
  readonly sizeCode: 0 | 1;
  readonly #start: bigint;
  readonly #context: bigint;
  readonly #vsidBits: bigint;
  readonly #vsids = new Map<number, number>();
  readonly #segments = new Map<number, number>();

  /** @param start first address of the vmemmap, a multiple of 1 TiB */
  constructor(config: PowerpcConfig, start: bigint) {
    this.shift = config.segment1T ? SID_SHIFT_1T : SID_SHIFT_256M;
    this.sizeCode = config.segment1T ? 1 : 0;
    this.#start = start;
    this.#context = config.pageSize === 4096 ? CONTEXT_4K : CONTEXT_64K;
    this.#vsidBits = (config.va68 ? VA_BITS : VA_BITS_OLD) - BigInt(this.shift);
  }

  /** get_kernel_vsid(): the VSID of a segment, counted from the start of the vmemmap. At most 40 bits. */
  vsid(segment: number): number {
    const known = this.#vsids.get(segment);
    if (known !== undefined) return known;
    const vsid = Number(this.#scramble(segment));
    this.#vsids.set(segment, vsid);
    this.#segments.set(vsid, segment);
    return vsid;
  }

  /** The segment that has a VSID; undefined when the kernel has not asked for that VSID yet. */
  segment(vsid: number): number | undefined {
    return this.#segments.get(vsid);
  }

  // get_vsid() and vsid_scramble(): a multiplication modulo 2^bits - 1. Once for each segment.
  #scramble(segment: number): bigint {
    const shift = BigInt(this.shift);
    const ea = this.#start + (BigInt(segment) << shift);
    const esidBits = EA_BITS_PER_CONTEXT - shift;
    const proto = (this.#context << esidBits) | ((ea >> shift) & ((1n << esidBits) - 1n));
    const bits = this.#vsidBits;
    const mask = (1n << bits) - 1n;
    const product = BigInt.asUintN(64, proto * VSID_MULTIPLIER);
    const sum = (product >> bits) + (product & mask);
    return (sum + ((sum + 1n) >> bits)) & mask;
  }
}
