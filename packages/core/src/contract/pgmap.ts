/**
 * What populate is told about device memory (include/linux/memremap.h: struct dev_pagemap).
 * The seed threads it through the contract; until later patches it has no effect.
 */
export interface DevPagemap {
  /** Physical ranges of the device, `[start, end)` in bytes. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  /** Index of the range that is being onlined. */
  readonly nrRange: number;
  /** log2 of the compound page in base pages; 0 for none. */
  readonly vmemmapShift: number;
}
