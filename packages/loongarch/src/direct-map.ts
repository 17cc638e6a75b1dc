/** asm/loongarch.h: CSR_DMW1_BASE, the direct-mapped window of cached memory; PAGE_OFFSET lies at its start. */
export const CACHE_BASE = 0x9000_0000_0000_0000n;

/** asm/addrspace.h: DMW_PABITS, the bits that TO_PHYS_MASK keeps. */
const DMW_PABITS = 48;

/** The high lane of {@link CACHE_BASE}. */
export const CACHE_BASE_HI: number = Number(CACHE_BASE >> 32n) | 0;

/** The high lane's part of a physical address (TO_PHYS_MASK). */
export const TO_PHYS_HI: number = 2 ** (DMW_PABITS - 32) - 1;

/** __pa(): the physical address of a direct-mapped one. */
export function physicalAddress(va: bigint): number {
  return Number(BigInt.asUintN(DMW_PABITS, va));
}
