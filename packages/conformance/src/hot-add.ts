import { type DevPagemap, type Machine, pagesPerSection, type VmemAltmap, vmemAltmap } from '@vmemmap/core';
import type { Geometry } from './geometry.ts';

/** Pages at the start of a device that its altmap must leave alone. */
export const ALTMAP_RESERVE = 2;

/** How sections are added. */
export interface HotAddOptions {
  /** Default: the first node. */
  readonly nid?: number;
  readonly altmap?: VmemAltmap;
  readonly pgmap?: DevPagemap;
}

/** sparse_add_section() for `count` sections, one after the other as __add_pages() does, up to the first that fails. */
export function hotAdd(machine: Machine, nr: number, count: number, options: HotAddOptions = {}): boolean {
  const pages = pagesPerSection(machine.model);
  const { nid = machine.memory.nodes[0]!, altmap, pgmap } = options;
  for (let n = 0; n < count; n++) {
    if (!machine.populateSection((nr + n) * pages, pages, nid, altmap, pgmap)) return false;
  }
  return true;
}

/** sparse_remove_section() for `count` sections. */
export function hotRemove(machine: Machine, nr: number, count: number, altmap?: VmemAltmap): void {
  const pages = pagesPerSection(machine.model);
  for (let n = 0; n < count; n++) machine.depopulateSection((nr + n) * pages, pages, altmap);
}

/**
 * The altmap of a device of `count` sections at section `nr`, with room for their struct pages and for what huge pages
 * and their alignment take more.
 */
export function deviceAltmap(
  { pagesPerSection, memmapBytes, leafBytes, pageBytes }: Geometry,
  nr: number,
  count: number,
): VmemAltmap {
  const free = Math.ceil((count * memmapBytes + 3 * leafBytes) / pageBytes);
  const basePfn = nr * pagesPerSection;
  return vmemAltmap(basePfn, basePfn + count * pagesPerSection - 1, ALTMAP_RESERVE, free);
}
