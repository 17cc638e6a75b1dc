import { alignUp } from '../bits.ts';
import type { BlockRun } from '../memory/block-run.ts';
import type { Memblock } from '../memory/memblock.ts';
import type { Ram } from '../memory/ram.ts';

/**
 * The boot buffer of releases before 7.x (mm/sparse.c: sparse_buffer_init, _alloc, _fini): one block per run of
 * sections on a node, from that node only, out of which leaves are carved upwards.
 */
export class SparseBuffer {
  readonly #ram: Ram;
  #next = 0;
  #end = 0;

  constructor(ram: Ram) {
    this.#ram = ram;
  }

  /** Takes the buffer for `sections` sections. Without a place for all of it there is none, and nothing is said. */
  init(memblock: Memblock, sections: number, sectionMapSize: number, goal: number, node: number, run: BlockRun): void {
    memblock.alloc(sections * sectionMapSize, sectionMapSize, goal, node, true, 1, run);
    this.#next = run.pa;
    this.#end = run.count === 0 ? run.pa : run.pa + sections * sectionMapSize;
  }

  /** Whether there is any of it left. */
  get active(): boolean {
    return this.#end > this.#next;
  }

  /** Carves up to `max` aligned blocks; `count` 0 when the buffer has no room. What alignment skips is freed. */
  alloc(size: number, max: number, out: BlockRun): void {
    const place = alignUp(this.#next, size);
    out.count = Math.max(0, Math.min(max, Math.floor((this.#end - place) / size)));
    if (out.count === 0) return;
    if (place > this.#next) this.#ram.free(this.#next, place - this.#next);
    this.#next = place + out.count * size;
    out.pa = place;
    out.paStep = size;
  }

  /** Frees what is left. */
  fini(): void {
    if (this.#end > this.#next) this.#ram.free(this.#next, this.#end - this.#next);
    this.#next = this.#end = 0;
  }
}
