import type { DirectMapping, VmemmapWalker } from '@vmemmap/core';
import { hex64 } from '@vmemmap/core';
import type { ByteOrder, PhysicalMemory } from '@vmemmap/vmcore';
import { refusal } from './refusal.ts';

/** Translations that are kept. */
const KEPT = 4096;

/** A dump's memory by kernel address: through what is mapped linearly, else through the tables of init_mm. */
export class VirtualMemory {
  /** The kernel's. */
  readonly byteOrder: ByteOrder;
  readonly #memory: PhysicalMemory;
  readonly #walker: VmemmapWalker;
  readonly #root: number | undefined;
  readonly #direct: readonly DirectMapping[];
  readonly #kept = new Map<bigint, number>();

  constructor(
    memory: PhysicalMemory,
    byteOrder: ByteOrder,
    walker: VmemmapWalker,
    root: number | undefined,
    direct: readonly DirectMapping[],
  ) {
    this.#memory = memory;
    this.byteOrder = byteOrder;
    this.#walker = walker;
    this.#root = root;
    this.#direct = direct;
  }

  /** The physical address of a kernel address; undefined where it is not mapped. */
  translate(va: bigint): number | undefined {
    for (const { va: first, bytes, pa } of this.#direct)
      if (va >= first && va < first + bytes) return pa + Number(va - first);
    if (this.#root === undefined) return undefined;
    const page = BigInt(this.#memory.pageSize);
    const start = va - (va % page);
    let pa = this.#kept.get(start);
    if (pa === undefined) {
      const { result } = this.#walker.translate(this.#root, start);
      if (!result.mapped) return undefined;
      pa = result.pa;
      if (this.#kept.size >= KEPT) this.#kept.clear();
      this.#kept.set(start, pa);
    }
    return pa + Number(va - start);
  }

  /**
   * Bytes from a kernel address on.
   * @throws VmemmapError `NOT_IN_DUMP` where it is not mapped, or not in the dump
   */
  read(va: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const page = this.#memory.pageSize;
    for (let done = 0; done < length; ) {
      const at = BigInt.asUintN(64, va + BigInt(done));
      const pa = this.translate(at);
      if (pa === undefined) throw refusal('NOT_IN_DUMP', `the kernel address ${hex64(at)} is not mapped`);
      const part = Math.min(length - done, page - Number(at % BigInt(page)));
      this.#memory.read(pa, bytes.subarray(done, done + part));
      done += part;
    }
    return bytes;
  }
}
