/**
 * A run of equal blocks that an allocator handed out in one go: the n-th is at `pa + n * paStep`.
 * Allocators fill it in place, so that a table's worth of blocks costs one call and no object.
 */
export interface BlockRun {
  /** Physical address of the first block, in bytes. */
  pa: number;
  /** Bytes from one block to the next: the block size, negative where the allocator works downwards. */
  paStep: number;
  /** How many blocks; 0 when none could be had. */
  count: number;
}

/** An empty run to hand to an allocator. */
export function blockRun(): BlockRun {
  return { pa: 0, paStep: 0, count: 0 };
}
