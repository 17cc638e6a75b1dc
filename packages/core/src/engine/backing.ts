import type { MemoryModel } from '../contract/model.ts';
import type { EventLog } from '../events.ts';
import { altmapAlloc, type VmemAltmap } from '../memory/altmap.ts';
import { type BlockRun, blockRun } from '../memory/block-run.ts';
import type { FailureInjector } from '../memory/failures.ts';
import type { Memblock } from '../memory/memblock.ts';
import type { PageAllocator } from '../memory/page-allocator.ts';
import type { Ram } from '../memory/ram.ts';
import { SparseBuffer } from './sparse-buffer.ts';

/** vmemmap_alloc_block() and vmemmap_alloc_block_buf() (mm/sparse-vmemmap.c): where tables and struct pages come from. */
export class Backing {
  readonly sparseBuffer: SparseBuffer;
  readonly #model: MemoryModel;
  /** __pa(MAX_DMA_ADDRESS); above all of RAM it is as good as none, since memblock drops it then. */
  readonly #goal: number;
  readonly #memblock: Memblock;
  readonly #pages: PageAllocator;
  readonly #failures: FailureInjector;
  readonly #events: EventLog;
  readonly #one = blockRun();
  #booting = true;

  constructor(
    model: MemoryModel,
    ram: Ram,
    memblock: Memblock,
    pages: PageAllocator,
    failures: FailureInjector,
    events: EventLog,
  ) {
    this.sparseBuffer = new SparseBuffer(ram);
    this.#model = model;
    this.#goal = ram.regions.every(({ end }) => end <= model.bootGoal) ? 0 : model.bootGoal;
    this.#memblock = memblock;
    this.#pages = pages;
    this.#failures = failures;
    this.#events = events;
  }

  /** From here on the page allocator serves (slab_is_available()). */
  endBoot(): void {
    this.#booting = false;
  }

  allocBlock(size: number, node: number): number {
    this.#blocks(size, node, 1, this.#one);
    return this.#one.count === 0 ? -1 : this.#one.pa;
  }

  allocPages(size: number, node: number): number {
    this.#take(size, node, 1, this.#one);
    return this.#one.count === 0 ? -1 : this.#one.pa;
  }

  allocBlocks(size: number, node: number, altmap: VmemAltmap | undefined, max: number, out: BlockRun): void {
    if (altmap !== undefined) this.#fromAltmap(altmap, size, node, max, out);
    else {
      out.count = 0;
      if (this.sparseBuffer.active) this.sparseBuffer.alloc(size, max, out);
      if (out.count === 0) this.#blocks(size, node, max, out);
    }
  }

  #fromAltmap(altmap: VmemAltmap, size: number, node: number, max: number, out: BlockRun): void {
    const page = 2 ** this.#model.pageShift;
    out.count = 0;
    if (size % page !== 0) {
      this.#events.record(
        'pr_warn_once',
        'altmap-size',
        'mm/sparse-vmemmap.c:altmap_alloc_block_buf',
        () => `allocations must be multiple of PAGE_SIZE (${size})`,
      );
      return;
    }
    if (this.#failures.active) {
      if (this.#failures.fails('altmap', node, this.#order(size))) return;
      max = 1;
    }
    altmapAlloc(altmap, size, page, max, out);
  }

  #blocks(size: number, node: number, max: number, out: BlockRun): void {
    this.#take(size, node, max, out);
    if (out.count > 0 || this.#booting) return;
    this.#events.record(
      'pr_warn_once',
      'vmemmap-alloc-failure',
      'mm/sparse-vmemmap.c:vmemmap_alloc_block',
      () => `vmemmap alloc failure: order:${this.#order(size)}`,
    );
  }

  #take(size: number, node: number, max: number, out: BlockRun): void {
    if (this.#booting) this.#memblock.alloc(size, size, this.#goal, node, false, max, out);
    else this.#pages.alloc(this.#order(size), node, max, out);
  }

  #order(size: number): number {
    return Math.max(0, Math.ceil(Math.log2(size)) - this.#model.pageShift);
  }
}
