import { VmemmapError } from '@vmemmap/core';
import type { ByteOrder, KernelMemory } from '../src/index.ts';

/** Memory of a kernel that has bytes at a few addresses and nothing elsewhere. */
export function kernelMemory(byteOrder: ByteOrder, image: ReadonlyMap<bigint, Uint8Array>): KernelMemory {
  return {
    byteOrder,
    read(va, length) {
      for (const [start, bytes] of image) {
        const at = va - start;
        if (at >= 0n && at + BigInt(length) <= BigInt(bytes.length))
          return bytes.subarray(Number(at), Number(at) + length);
      }
      throw new VmemmapError('NOT_IN_DUMP', `nothing at 0x${va.toString(16)}`, '@vmemmap/vmcore');
    },
  };
}
