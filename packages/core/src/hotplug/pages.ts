import { hex, isAligned } from '../bits.ts';
import type { VmemmapOps } from '../contract/arch.ts';
import { pageSize, pagesPerSection, pagesPerSubsection } from '../contract/model.ts';
import type { DevPagemap } from '../contract/pgmap.ts';
import { EINVAL, type Errno, OK } from '../errno.ts';
import type { MachineContext } from '../machine/context.ts';
import { altmapOffset, type VmemAltmap } from '../memory/altmap.ts';
import type { SectionLife } from '../sparse/section-life.ts';

/** Pages that are added or removed, and how their memmap is to be had. */
export interface PageSpan {
  /** First page frame. */
  readonly pfn: number;
  /** How many base pages. */
  readonly pages: number;
  /** Device pages that the memmap must come from. Default: it lies in RAM. */
  readonly altmap?: VmemAltmap | undefined;
  /** The device memory that the pages are of. Default: none. */
  readonly pgmap?: DevPagemap | undefined;
}

/**
 * __add_pages() (mm/memory_hotplug.c): section by section, to the first that fails. What was added before it stays: nobody
 * takes it away again.
 */
export function addPages(m: MachineContext, life: SectionLife, nid: number, span: PageSpan): Errno {
  const { pfn, pages, altmap, pgmap } = span;
  if (altmap !== undefined) {
    if (altmap.basePfn !== pfn || altmapOffset(altmap) > pages) {
      m.events.record('pr_warn_once', 'invalid-altmap', source('__add_pages'), () => 'memory add fail, invalid altmap');
      return EINVAL;
    }
    altmap.alloc = 0;
  }
  if (!checkPfnSpan(m, '__add_pages', pfn, pages)) return EINVAL;
  for (const part of parts(m, pfn, pages)) {
    const err = life.add(nid, { ...part, altmap, pgmap });
    if (err !== OK) return err;
  }
  return OK;
}

/** arch_add_memory(), as far as struct pages go: what an architecture does otherwise is what it says when that fails. */
export function archAddMemory(
  m: MachineContext,
  ops: Pick<VmemmapOps, 'addMemoryFailed'>,
  life: SectionLife,
  nid: number,
  span: PageSpan,
): Errno {
  const err = addPages(m, life, nid, span);
  if (err !== OK) ops.addMemoryFailed?.(err);
  return err;
}

/** __remove_pages() (mm/memory_hotplug.c). */
export function removePages(m: MachineContext, life: SectionLife, span: PageSpan): void {
  const { pfn, pages, altmap, pgmap } = span;
  if (!checkPfnSpan(m, '__remove_pages', pfn, pages)) return;
  for (const part of parts(m, pfn, pages)) life.remove({ ...part, altmap, pgmap });
}

/** `[start, end)` in bytes as pages. */
export function pageSpan(m: MachineContext, { start, end }: { start: number; end: number }): PageSpan {
  const page = pageSize(m.model);
  return { pfn: Math.floor(start / page), pages: Math.floor((end - start) / page) };
}

function source(where: string): string {
  return `mm/memory_hotplug.c:${where}`;
}

// check_pfn_span()
function checkPfnSpan(m: MachineContext, where: string, pfn: number, pages: number): boolean {
  const sub = pagesPerSubsection(m.model);
  if (isAligned(pfn, sub) && isAligned(pages, sub)) return true;
  const text = `Misaligned ${where} start: ${hex(pfn)} end: ${hex(pfn + pages - 1)}`;
  m.events.record('WARN', 'misaligned-pages', source(where), () => text);
  return false;
}

// Up to the next section boundary each.
function* parts(m: MachineContext, pfn: number, pages: number): Generator<{ pfn: number; pages: number }> {
  const section = pagesPerSection(m.model);
  const end = pfn + pages;
  for (let at = pfn, next: number; at < end; at = next) {
    next = Math.min(end, (Math.floor(at / section) + 1) * section);
    yield { pfn: at, pages: next - at };
  }
}
