// Struct pages as they stand in a dump.
import type { DumpKernel } from './kernel.ts';

/** What is read of one struct page. */
export interface StructPage {
  /** page->flags. */
  readonly flags: bigint;
  /** page->compound_info, before 7.2 compound_head: bit 0 says tail. */
  readonly compound: bigint;
  /** True for the head of a compound page (PG_head). */
  readonly head: boolean;
  /** True for a tail. */
  readonly tail: boolean;
  /** page->_refcount; undefined where the kernel does not say where it is. */
  readonly refcount: number | undefined;
  /** True when nobody has ever written to it (PAGE_POISON_PATTERN, mm/debug.c: all ones). */
  readonly poisoned: boolean;
}

/** Where members of struct page are. */
interface PageLayout {
  readonly flags: number;
  readonly compound: number;
  readonly head: bigint;
  readonly refcount: number | undefined;
}

/** Reads struct pages by page frame. */
export class StructPages {
  readonly #kernel: DumpKernel;
  readonly #layout: PageLayout;

  constructor(kernel: DumpKernel) {
    this.#kernel = kernel;
    const { facts } = kernel;
    const offset = (member: string): number | undefined => facts.offset(`page.${member}`);
    this.#layout = {
      flags: offset('flags') ?? 0,
      compound: offset('compound_info') ?? offset('compound_head') ?? 8,
      head: facts.number('PG_head_mask') ?? 0x40n,
      refcount: offset('_refcount'),
    };
  }

  /** The struct page of a page frame; undefined where it is not mapped, or its memory not in the dump. */
  read(pfn: number): StructPage | undefined {
    const bytes = this.bytes(pfn);
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = this.#kernel.memory.byteOrder === 'little';
    const flags = view.getBigUint64(this.#layout.flags, little);
    const compound = view.getBigUint64(this.#layout.compound, little);
    return {
      flags,
      compound,
      head: (flags & this.#layout.head) !== 0n,
      tail: (compound & 1n) !== 0n,
      refcount: this.#layout.refcount === undefined ? undefined : view.getInt32(this.#layout.refcount, little),
      poisoned: flags === 0xffff_ffff_ffff_ffffn && compound === 0xffff_ffff_ffff_ffffn,
    };
  }

  /** First page frame of the compound page that a page is in; itself where it is in none. */
  headOf(pfn: number): number {
    const page = this.read(pfn);
    if (page === undefined || !page.tail) return pfn;
    const { model, window } = this.#kernel.context;
    const at = BigInt.asUintN(64, window.base + BigInt(pfn * model.structPageSize));
    // include/linux/page-flags.h:set_compound_head: the head's address, or, since 7.x with HVO, a mask that makes it of the tail's.
    const value = page.compound - 1n;
    const below = BigInt.asUintN(64, -value);
    const masked = (below & (below - 1n)) === 0n ? at & value : value;
    const head = Number(BigInt.asIntN(64, masked - window.base)) / model.structPageSize;
    return Number.isSafeInteger(head) && head >= 0 && head <= pfn ? head : pfn;
  }

  /** log2 of the pages of the compound page whose head this is: the low byte of the next one's flags (folio_large_order). */
  order(pfn: number): number {
    const next = this.read(pfn + 1);
    return next === undefined ? 0 : Number(next.flags & 0xffn);
  }

  /** Its bytes. */
  bytes(pfn: number): Uint8Array | undefined {
    const { dump, context, memory } = this.#kernel;
    const size = context.model.structPageSize;
    const va = BigInt.asUintN(64, context.window.base + BigInt(pfn * size));
    // A struct page of 72 or 80 bytes may lie in two pages.
    for (const at of [va, va + BigInt(size - 1)]) {
      const pa = memory.translate(at);
      if (pa === undefined || !dump.memory.has(pa)) return undefined;
    }
    return memory.read(va, size);
  }
}
