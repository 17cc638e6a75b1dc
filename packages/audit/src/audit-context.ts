// What rules look at: the dump's kernel, its window, and what is worked out once for all of them.
import {
  entryText,
  type MemoryModel,
  offsetOfPage,
  pagesPerSection,
  pagesPerSubsection,
  pfnOfOffset,
  SECTION_FLAGS,
  toU64,
  type VmemmapWindow,
} from '@vmemmap/core';
import { type CompoundMemmap, compoundMemmaps } from './compound-memmaps.ts';
import type { Finding, FoundEntry } from './finding.ts';
import type { DumpKernel } from './kernel.ts';
import type { DumpSection } from './sections.ts';
import { type SharedRun, sharedRuns } from './shared-runs.ts';
import { StructPages } from './struct-page.ts';
import { subsectionMap } from './subsections.ts';
import { directMap, readWindow, type WindowMap } from './window-map.ts';

/** Struct pages that must be there: of a section, or of the subsections of one that are. */
export interface Described {
  /** The section they belong to. */
  readonly section: DumpSection;
  /** Offset of the first byte into the window. */
  readonly start: number;
  /** Offset behind the last. */
  readonly end: number;
}

/** What rules look at. */
export class AuditContext {
  /** The dump's kernel. */
  readonly kernel: DumpKernel;
  /** Sizes of the architecture. */
  readonly model: MemoryModel;
  /** Where the vmemmap lies. */
  readonly window: VmemmapWindow;
  /** What is mapped there; without page tables, what vmemmap_list says. */
  readonly map: WindowMap;
  /** Struct pages that must be there, by address; what joins is one. */
  readonly described: readonly Described[];
  /** Leaves one after the other that map one page: tails that are shared, or a mistake. */
  readonly shared: readonly SharedRun[];
  /** Those of them that are tails of compound pages, as HVO and compound device memory share them. */
  readonly compounds: readonly CompoundMemmap[];
  /** Struct pages as they stand in memory. */
  readonly pages: StructPages;

  readonly #devices: ReadonlySet<number>;

  constructor(kernel: DumpKernel) {
    const { context } = kernel;
    this.kernel = kernel;
    this.model = context.model;
    this.window = context.window;
    // Memory of a device never goes online; where it shares a section with RAM, that is marked.
    const devices = kernel.sections.filter(
      ({ flags }) => (flags & SECTION_FLAGS.TAINT_ZONE_DEVICE) !== 0 || (flags & SECTION_FLAGS.IS_ONLINE) === 0,
    );
    this.#devices = new Set(devices.map(({ nr }) => nr));
    this.map =
      context.ops.pageTable === undefined
        ? directMap(kernel.list, this.window)
        : readWindow(context.ops, context.tables, context.window);
    this.described = kernel.sections.flatMap((section) => this.#describedBy(section));
    this.pages = new StructPages(kernel);
    this.shared = sharedRuns(this.map);
    this.compounds = compoundMemmaps(this);
  }

  /** Virtual address of an offset into the window. */
  va(offset: number): bigint {
    return BigInt.asUintN(64, this.window.start + BigInt(offset));
  }

  /** Page frame whose struct page is at an offset. */
  pfn(offset: number): number {
    return pfnOfOffset(this.model, this.window, offset);
  }

  /** Offset of a struct page. */
  offset(pfn: number): number {
    return offsetOfPage(this.model, this.window, pfn);
  }

  /** Where a leaf is, for a finding. */
  leaf(n: number): Pick<Finding, 'va' | 'bytes' | 'pfn' | 'entry'> {
    const { leaves, sizes } = this.map;
    const offset = leaves.offset[n]!;
    const level = leaves.level[n]!;
    return {
      va: this.va(offset),
      bytes: sizes[level]!,
      pfn: Math.max(0, this.pfn(offset)),
      entry: this.entry(level, 'leaf', leaves.lo[n]!, leaves.hi[n]!, leaves.entry[n]!),
    };
  }

  /** True for memory of a device that has struct pages. */
  isDevice(pa: number): boolean {
    return this.#devices.has(Math.floor(pa / 2 ** this.model.sectionSizeBits));
  }

  /** An entry with its bits by name. */
  entry(level: number, kind: 'leaf' | 'table', lo: number, hi: number, pa: number): FoundEntry {
    const name = this.kernel.context.ops.pageTable?.format.levels[level]?.name ?? '';
    const raw = toU64(lo, hi);
    return { pa, raw, text: entryText(this.kernel.arch.entryLayouts, name, kind, raw) };
  }

  #describedBy(section: DumpSection): readonly Described[] {
    if ((section.flags & SECTION_FLAGS.HAS_MEM_MAP) === 0) return [];
    const { model } = this;
    const pages = pagesPerSection(model);
    const first = section.nr * pages;
    const at = (pfn: number): number => this.offset(pfn);
    // Boot populates a section as a whole, however much of it is RAM (mm/sparse.c:sparse_init_nid).
    if ((section.flags & SECTION_FLAGS.IS_EARLY) !== 0) return [{ section, start: at(first), end: at(first + pages) }];
    const map = subsectionMap(this.kernel, section);
    const part = pagesPerSubsection(model);
    const ranges: { section: DumpSection; start: number; end: number }[] = [];
    for (let n = 0; n < pages / part; n++) {
      if (((map >> BigInt(n)) & 1n) === 0n) continue;
      const start = at(first + n * part);
      const end = at(first + (n + 1) * part);
      const before = ranges.at(-1);
      if (before?.end === start) before.end = end;
      else ranges.push({ section, start, end });
    }
    return ranges;
  }
}
