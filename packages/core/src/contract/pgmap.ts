/**
 * What populate is told about device memory (include/linux/memremap.h: struct dev_pagemap).
 */
export interface DevPagemap {
  /** Physical ranges of the device, `[start, end)` in bytes. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  /** Index of the range that is being onlined. */
  readonly nrRange: number;
  /** log2 of the compound page in base pages; 0 for none. */
  readonly vmemmapShift: number;
}

/** pgmap_vmemmap_nr(): base pages of a compound page. */
export function pgmapVmemmapNr(pgmap: DevPagemap): number {
  return 2 ** pgmap.vmemmapShift;
}
