/** 2^32: where the low lane of a 64-bit value ends. */
export const LANE = 0x1_0000_0000;

/** Rounds a safe non-negative integer down to a multiple of `unit`, a power of two. */
export function alignDown(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}

/** Rounds a safe non-negative integer up to a multiple of `unit`, a power of two. */
export function alignUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** True when `value` is a multiple of `unit`, a power of two. */
export function isAligned(value: number, unit: number): boolean {
  return Math.floor(value / unit) * unit === value;
}

/** The kernel's DIV_ROUND_UP for safe non-negative integers. */
export function divRoundUp(value: number, unit: number): number {
  return Math.ceil(value / unit);
}

/** Puts two 32-bit lanes together. For the edge of the API only: BigInt has no place in a loop over entries. */
export function toU64(lo: number, hi: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** `0x` and 16 hex digits. */
export function hex64(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16).padStart(16, '0')}`;
}

/** `0x` and as many hex digits as the number needs. */
export function hex(value: number | bigint): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
