import type { Arm64Config } from './config.ts';

/** arch/arm64/Kconfig: the ARM64_VA_BITS_* of a page size. */
export function possibleVaBits(pageSize: number): readonly number[] {
  if (pageSize === 4096) return [39, 48, 52];
  return pageSize === 16384 ? [36, 47, 48, 52] : [42, 48, 52];
}

/** asm/memory.h: VA_BITS_MIN, what is left of 52 bits on a CPU that has not got them. */
export function vaBitsMin({ pageSize, vaBits }: Pick<Arm64Config, 'pageSize' | 'vaBits'>): number {
  if (vaBits <= 48) return vaBits;
  return pageSize === 16384 ? 47 : 48;
}
