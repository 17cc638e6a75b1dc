// Sections that share as few tables as they can.
import type { Machine } from '@vmemmap/core';
import type { Subject } from './subject.ts';

/** How many places far apart there are, beside one for each bit of an address. */
const FAR_PLACES = 8;

/** Numbers of sections that no memory of boot lies in or near, up to the end of what can be mapped: the farthest apart first. */
export function farSections({ arch, geometry }: Subject, machine: Machine): readonly number[] {
  const mappable = arch.mappableRange?.(machine.memory, machine.release)?.end ?? Number.POSITIVE_INFINITY;
  const sections = Math.floor(Math.min(mappable, 2 ** machine.model.maxPhysmemBits) / geometry.sectionBytes);
  const far = sections / 2;
  const places = Array.from({ length: FAR_PLACES }, (_, n) => Math.floor(far + (far * n) / FAR_PLACES));
  for (let nr = Math.floor(far / 2); nr > 0; nr = Math.floor(nr / 2)) places.push(nr);
  return places.filter((nr) => nr > 2 * geometry.slots.at(-1)!);
}
