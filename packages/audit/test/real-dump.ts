// Trimmed dumps of real kernels, as they are and damaged.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { arm64 } from '@vmemmap/arm64';
import { type ArchPlugin, translation } from '@vmemmap/core';
import { loongarch } from '@vmemmap/loongarch';
import { powerpc } from '@vmemmap/powerpc';
import { riscv } from '@vmemmap/riscv';
import { s390 } from '@vmemmap/s390';
import { sparc } from '@vmemmap/sparc';
import { bufferSource, type Dump, openSources } from '@vmemmap/vmcore';
import { x86 } from '@vmemmap/x86';
import { type DumpKernel, openKernel } from '../src/index.ts';

export const plugins: readonly ArchPlugin[] = [
  x86,
  arm64,
  riscv,
  s390,
  powerpc,
  loongarch,
  sparc,
] as unknown as ArchPlugin[];

/** Bytes of a fixture. */
export function fixture(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`../fixtures/${name}.core.gz`, import.meta.url)));
}

/** A dump that can be damaged. */
export class RealDump {
  readonly bytes: Uint8Array;
  readonly kernel: DumpKernel;
  readonly #dump: Dump;

  constructor(name: string) {
    this.bytes = fixture(name);
    this.#dump = openSources([bufferSource(this.bytes, name)]);
    this.kernel = openKernel(this.#dump, plugins);
  }

  /** The kernel read anew, damage and all. */
  reopen(): DumpKernel {
    return openKernel(openSources([bufferSource(this.bytes, 'damaged')]), plugins);
  }

  /** A word of 64 bits at a physical address, in the byte order of entries, or of the kernel. */
  word(pa: number, order: 'entry' | 'kernel' = 'entry'): bigint {
    return this.#view().getBigUint64(this.#at(pa), this.#little(order));
  }

  /** Writes one. */
  write(pa: number, value: bigint, order: 'entry' | 'kernel' = 'entry'): void {
    this.#view().setBigUint64(this.#at(pa), BigInt.asUintN(64, value), this.#little(order));
  }

  /** Physical addresses of the entries on the way to the struct page of `pfn`, root first. */
  entries(pfn: number): readonly number[] {
    const { context } = this.kernel;
    const { window, model, ops } = context;
    const va = BigInt.asUintN(64, window.base + BigInt(pfn * model.structPageSize));
    return ops.walker.translate(ops.initMm.root, va).steps.map(({ table, index }) => table + 8 * index);
  }

  /** Physical address of a kernel address. */
  physical(va: bigint): number {
    const pa = this.kernel.memory.translate(va);
    if (pa === undefined) throw new Error(`${va} is not mapped`);
    return pa;
  }

  /** Physical address of the struct page of `pfn`. */
  structPage(pfn: number): number {
    const { window, model, ops } = this.kernel.context;
    const at = translation();
    ops.walker.walk(ops.initMm.root, Number(window.base - window.start) + pfn * model.structPageSize, at);
    return at.pa;
  }

  #little(order: 'entry' | 'kernel'): boolean {
    return (order === 'entry' ? (this.kernel.arch.entryByteOrder ?? 'little') : this.#dump.byteOrder) === 'little';
  }

  #view(): DataView {
    return new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  // Where memory lies in the file: p_paddr, p_offset and p_filesz of its program headers.
  #at(pa: number): number {
    const view = this.#view();
    const little = this.bytes[5] === 1;
    const count = view.getUint16(56, little);
    for (let n = 0; n < count; n++) {
      const at = 64 + 56 * n;
      const [offset, , start, length] = [8, 16, 24, 32].map((field) => Number(view.getBigUint64(at + field, little)));
      if (view.getUint32(at, little) === 1 && start! <= pa && pa < start! + length!) return offset! + pa - start!;
    }
    throw new Error(`0x${pa.toString(16)} is not in the fixture`);
  }
}
