import type { VmemmapArch, VmemmapOps } from '../contract/arch.ts';
import { type MemoryModel, offsetOfPage, pageSize, type VmemmapWindow } from '../contract/model.ts';
import { translation } from '../contract/translation.ts';
import type { CompoundPage } from '../hugetlb/page-structs.ts';
import type { KernelRelease } from '../release.ts';
import { leafRuns } from './leaf-runs.ts';

/** What struct pages hold, by the physical address of the page that they lie in. */
export interface StructPages {
  /** What the struct pages in the page at `pa` hold; undefined where no compound's are. */
  get(pa: number): CompoundPage | undefined;
}

/** What is needed to read a struct page through the map. A machine is one. */
export interface StructPageReader {
  /** Sizes of pages and struct pages. */
  readonly model: MemoryModel;
  /** Where the vmemmap lies. */
  readonly window: VmemmapWindow;
  /** The kernel release. */
  readonly release: KernelRelease;
  /** What the architecture can do. */
  readonly arch: Pick<VmemmapArch, 'capabilities'>;
  /** The walker, and init_mm to walk from. */
  readonly ops: Pick<VmemmapOps, 'walker' | 'initMm'>;
  /** The HugeTLB side, for what struct pages hold (`structs`). */
  readonly hugetlb: { readonly structs: StructPages };
}

/** What {@link compoundHead} returns where no struct page can be read, or what is read leads nowhere. */
export const NO_HEAD = -1;

/**
 * compound_info_has_mask() (include/linux/page-flags.h): a tail says by what mask its own address becomes its head's, and
 * not where that is. At the series' end so wherever any tails are shared ([INF] patch 33).
 */
export function compoundInfoHasMask({ model, release, arch }: Omit<StructPageReader, 'ops' | 'hugetlb'>): boolean {
  const { capabilities } = arch;
  const shares =
    capabilities.includes('optimize-hugetlb-vmemmap') ||
    (release.daxTail === 'zone' && capabilities.includes('optimize-dax-vmemmap'));
  return release.compoundInfoMask && shares && Number.isInteger(Math.log2(model.structPageSize));
}

/**
 * compound_head() (include/linux/page-flags.h): the head of the compound that a page belongs to, as the kernel finds it,
 * by reading the struct page at its virtual address.
 * @param pfn any page
 * @param structs what struct pages hold. Default: what HugeTLB has written. A page that is not in it is no part of a compound
 * @returns pfn of the head, the page's own when it is no tail, or {@link NO_HEAD}
 */
export function compoundHead(m: StructPageReader, pfn: number, structs: StructPages = m.hugetlb.structs): number {
  const { model, window } = m;
  const { structPageSize } = model;
  const offset = offsetOfPage(model, window, pfn);
  const at = translation();
  m.ops.walker.walk(m.ops.initMm.root, offset, at);
  if (!at.mapped) return NO_HEAD;
  const inPage = at.pa % pageSize(model);
  const read = structs.get(at.pa - inPage);
  if (read === undefined) return pfn;
  // PG_head is set. Before 7.x a tail can look like this, mapped to the first page of its compound: page_fixed_fake_head()
  // asks the struct page after it, which is in the same page of memory.
  if (inPage < structPageSize && read.hasHead) return compoundInfoHasMask(m) ? pfn : (read.headPfn ?? NO_HEAD);
  if (!compoundInfoHasMask(m)) return read.headPfn ?? NO_HEAD;
  // GENMASK(BITS_PER_LONG - 1, order + ilog2(sizeof(struct page))), applied to the whole address.
  const bytes = BigInt(2 ** read.order * structPageSize);
  const va = BigInt.asUintN(64, window.start + BigInt(offset));
  return Number((va - (va % bytes) - BigInt.asUintN(64, window.base)) / BigInt(structPageSize));
}

/** A page that does not lead to the head of its compound. */
export interface WrongHead {
  /** The page frame. */
  readonly pfn: number;
  /** Where it leads to, or {@link NO_HEAD}. */
  readonly head: number;
}

/**
 * Reads the struct pages of a compound through the map and looks where each leads to. Of those in one page the first two
 * and the last are read, and of pages that map the same memory one after the other the first and the last: what is
 * between holds the same and has an address in between.
 * @param head pfn of the compound's head
 * @param pages how many pages it has
 * @returns the first that is wrong
 */
export function wrongHead(
  m: StructPageReader,
  head: number,
  pages: number,
  structs: StructPages = m.hugetlb.structs,
): WrongHead | undefined {
  const { model, window, ops } = m;
  const { structPageSize } = model;
  const page = pageSize(model);
  const start = offsetOfPage(model, window, head);
  const end = start + pages * structPageSize;
  const perPage = page / structPageSize;
  let reached = start;
  for (const run of leafRuns(ops.walker, ops.initMm.root, NO_NODES, start, end)) {
    if (run.offset > reached) break;
    const from = Math.max(run.offset, start);
    reached = Math.min(end, run.offset + run.count * run.size);
    const same = run.count > 1 && run.paStep === 0;
    const step = same ? Math.max(page, reached - from - page) : page;
    for (let offset = from; offset < reached; offset += step) {
      const first = head + (offset - start) / structPageSize;
      for (const pfn of [first, first + 1, Math.min(first + perPage, head + pages) - 1]) {
        const found = compoundHead(m, pfn, structs);
        if (found !== head) return { pfn, head: found };
      }
    }
  }
  return reached < end ? { pfn: head + (reached - start) / structPageSize, head: NO_HEAD } : undefined;
}

// Where the memory of a leaf lies is not asked.
const NO_NODES = { nodeOf: (): number => -1 };
