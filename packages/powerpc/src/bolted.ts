import type { HashTableMemory } from './hash-table.ts';
import type { KernelSegments } from './segments.ts';

// asm/book3s/64/mmu-hash.h, low lane of V.
const HPTE_V_VALID = 0x1;
const HPTE_V_LARGE = 0x4;
const HPTE_V_BOLTED = 0x10;
const HPTE_V_AVPN_SHIFT = 7;
/** HPTE_V_COMPARE(): the flags are no part of it. */
const HPTE_V_COMPARE_LO = 0xffff_ff80;
/** HPTE_V_SSIZE_SHIFT (62) and HPTE_R_3_0_SSIZE_SHIFT (58) in the high lanes. */
const SSIZE_SHIFT = 30;
const SSIZE_SHIFT_3_0 = 26;
/** HPTE_V_COMMON_BITS, high lane: what V has in the format of ISA 3.0. */
const COMMON_HI = 0x000f_ffff;

// Low lane of R: htab_convert_pte_flags() of PAGE_KERNEL. PP = 0 is read and write for the kernel.
const HPTE_R_R = 0x100;
const HPTE_R_C = 0x80;
const HPTE_R_M = 0x10;
const HPTE_R_N = 0x4;
const KERNEL = HPTE_R_R | HPTE_R_C | HPTE_R_M | HPTE_R_N;
/** HASH_DEFAULT_KERNEL_KEY: key 3. */
const KERNEL_KEY = 0x600;

/** LP_SHIFT, and penc by page shift: what mmu_psize_defaults_gp and "ibm,segment-page-sizes" have. */
const LP_SHIFT = 12;
const PENC: Readonly<Record<number, number>> = { 12: 0, 16: 1, 24: 0 };

const HPTES_PER_GROUP = 8;
const WORDS = 4;
const LANE = 2 ** 32;
/** VPN_SHIFT, and the low bits of a virtual address that V omits. */
const AVPN_SKIPPED = 23;

/** What a bolted entry is made of. */
export interface BoltedFormat {
  /** log2 of the bytes that an entry maps: 12, 16 or 24. */
  readonly pageShift: number;
  /** Entries are stored as ISA 3.0 has them (hpte_old_to_new_v, hpte_old_to_new_r). */
  readonly isa300: boolean;
  /** Kernel mappings have a storage key. */
  readonly kernelKey: boolean;
}

/**
 * htab_bolt_mapping() and htab_remove_mapping() (arch/powerpc/mm/book3s64/hash_utils.c) with native_hpte_insert(),
 * native_hpte_remove() and native_hpte_removebolted() (hash_native.c) for one page of the vmemmap at a time. Entries of
 * anything else are not in the table, so that nothing can be evicted: whatever is there is bolted.
 */
export class BoltedMappings {
  readonly #table: HashTableMemory;
  readonly #segments: KernelSegments;
  readonly #shift: number;
  readonly #isa300: boolean;
  readonly #rLo: number;
  readonly #rHi: number;
  readonly #large: number;
  readonly #avpnMask: number;
  readonly #groupLo: number;
  readonly #groupHi: number;
  // What was composed last: V without flags, and the hash.
  #vLo = 0;
  #vHi = 0;
  #hashLo = 0;
  #hashHi = 0;

  constructor(table: HashTableMemory, segments: KernelSegments, { pageShift, isa300, kernelKey }: BoltedFormat) {
    this.#table = table;
    this.#segments = segments;
    this.#shift = pageShift;
    this.#isa300 = isa300;
    this.#rLo = (PENC[pageShift]! << LP_SHIFT) | KERNEL | (kernelKey ? KERNEL_KEY : 0);
    this.#rHi = isa300 ? segments.sizeCode << SSIZE_SHIFT_3_0 : 0;
    this.#large = pageShift === 12 ? 0 : HPTE_V_LARGE;
    // avpnm: with 16 MiB the lowest bit of AVPN is below the page size.
    this.#avpnMask = pageShift > AVPN_SKIPPED ? ~1 : ~0;
    // htab_hash_mask, in lanes.
    this.#groupLo = table.groupBits >= 32 ? -1 : 2 ** table.groupBits - 1;
    this.#groupHi = table.groupBits > 32 ? 2 ** (table.groupBits - 32) - 1 : 0;
  }

  /**
   * Bolts a page: in the first invalid slot of its primary group, or else of its secondary. There the bit that marks
   * entries of the secondary hash is not set, since htab_bolt_mapping() passes HPTE_V_BOLTED alone.
   * @param offset of the page into the vmemmap
   * @returns false when both groups are full
   */
  bolt(offset: number, pa: number): boolean {
    this.#compose(offset);
    const primary = this.#group(this.#hashLo, this.#hashHi);
    return this.#insert(primary, pa) || this.#insert(this.#group(~this.#hashLo, ~this.#hashHi), pa);
  }

  /**
   * Takes a page out of the table.
   * @returns false when it is not in there: -ENOENT
   */
  remove(offset: number): boolean {
    this.#compose(offset);
    const primary = this.#group(this.#hashLo, this.#hashHi);
    return this.#removeFrom(primary) || this.#removeFrom(this.#group(~this.#hashLo, ~this.#hashHi));
  }

  // hpt_vpn(), hpte_encode_avpn() and hpt_hash() in 32-bit lanes.
  #compose(offset: number): void {
    const { shift, sizeCode } = this.#segments;
    const segmentBytes = 2 ** shift;
    const segment = Math.floor(offset / segmentBytes);
    const inside = offset - segment * segmentBytes;
    const vsid = this.#segments.vsid(segment);
    const vsidHi = Math.floor(vsid / LANE);
    const vsidLo = (vsid - vsidHi * LANE) | 0;
    const page = inside / 2 ** this.#shift;
    // AVPN is VSID and address in the segment, less 23 bits.
    const at = shift - AVPN_SKIPPED + HPTE_V_AVPN_SHIFT;
    const avpn = Math.floor(inside / 2 ** AVPN_SKIPPED) & this.#avpnMask;
    this.#vLo = (vsidLo << at) | (avpn << HPTE_V_AVPN_SHIFT);
    this.#vHi = (vsidHi << at) | (vsidLo >>> (32 - at)) | (sizeCode << SSIZE_SHIFT);
    if (this.#isa300) this.#vHi &= COMMON_HI;
    // A 1 TiB segment's VSID has 28 bits and comes in a second time, 25 bits up.
    this.#hashLo = vsidLo ^ page ^ (sizeCode === 1 ? vsidLo << 25 : 0);
    this.#hashHi = vsidHi ^ (sizeCode === 1 ? vsidLo >>> 7 : 0);
  }

  #group(hashLo: number, hashHi: number): number {
    return (hashHi & this.#groupHi) * LANE + ((hashLo & this.#groupLo) >>> 0);
  }

  #insert(group: number, pa: number): boolean {
    let word = this.#table.create(group);
    const { lanes } = this.#table;
    for (let slot = 0; slot < HPTES_PER_GROUP; slot++, word += WORDS) {
      if ((lanes[word]! & HPTE_V_VALID) !== 0) continue;
      lanes[word + 2] = pa | this.#rLo;
      lanes[word + 3] = (pa / LANE) | this.#rHi;
      lanes[word] = this.#vLo | HPTE_V_BOLTED | HPTE_V_VALID | this.#large;
      lanes[word + 1] = this.#vHi;
      this.#table.generation++;
      return true;
    }
    return false;
  }

  #removeFrom(group: number): boolean {
    let word = this.#table.find(group);
    if (word < 0) return false;
    const { lanes } = this.#table;
    for (let slot = 0; slot < HPTES_PER_GROUP; slot++, word += WORDS) {
      const v = lanes[word]!;
      if ((v & HPTE_V_VALID) === 0) continue;
      if (((v ^ this.#vLo) & HPTE_V_COMPARE_LO) !== 0 || lanes[word + 1] !== this.#vHi) continue;
      lanes[word] = 0;
      lanes[word + 1] = 0;
      this.#table.generation++;
      return true;
    }
    return false;
  }
}
