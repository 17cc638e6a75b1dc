import type { ByteOrder } from '../byte-view.ts';

/** The memory of a kernel by its own, virtual addresses: as its page tables translate them. */
export interface KernelMemory {
  /** Which end of a number comes first. */
  readonly byteOrder: ByteOrder;
  /**
   * Bytes that lie one after another, over as many pages as it takes. They stay as they are: neither side writes to them.
   * Throws `NOT_IN_DUMP` where the tables have no page or the dump does not have it.
   * @param va address of the first, 0 to 2^64 - 1
   * @param length bytes, 0 or more
   */
  read(va: bigint, length: number): Uint8Array;
}
