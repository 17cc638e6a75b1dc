import { refusal } from '../refusal.ts';
import type { Btf } from './btf.ts';
import type { KernelMemory } from './kernel-memory.ts';
import { KernelReader } from './kernel-reader.ts';
import { StructView } from './struct-view.ts';

/** The most elements of a list that is walked without another limit. */
const MOST_ELEMENTS = 2 ** 22;

/** Structs in the memory of a kernel, by what its BTF says of them. */
export class KernelTypes {
  /** The types. */
  readonly btf: Btf;
  /** The memory. */
  readonly reader: KernelReader;

  constructor(memory: KernelMemory, btf: Btf) {
    this.btf = btf;
    this.reader = new KernelReader(memory);
  }

  /**
   * A struct or union at an address; nothing is read yet. Throws `BAD_ARGUMENT` for one that the kernel does not have.
   * @param struct its name without `struct`
   */
  view(struct: string, va: bigint): StructView {
    const type = this.btf.struct(struct);
    if (type !== undefined) return new StructView(this.btf, this.reader, type, va);
    throw refusal('BAD_ARGUMENT', `this kernel has no struct or union ${struct}`);
  }

  /**
   * The elements of a list (include/linux/list.h), without the head. Throws `BAD_FORMAT` where it does not come back to its
   * head: memory changed while it was dumped, or is damaged.
   * @param head address of the head, a list_head
   * @param struct what is in the list
   * @param member path of the list_head in there: `tasks`
   * @param limit the most elements
   */
  *list(head: bigint, struct: string, member: string, limit: number = MOST_ELEMENTS): IterableIterator<StructView> {
    const offset = this.view(struct, 0n).addressOf(member);
    let seen = head;
    let count = 0;
    // A list_head begins with next.
    for (let at = this.reader.pointer(head); at !== head; at = this.reader.pointer(at)) {
      if (at === 0n || at === seen || count === limit)
        throw refusal(
          'BAD_FORMAT',
          `the list of ${struct}.${member} at 0x${head.toString(16)} does not come back to its head: it is at 0x${at.toString(16)} after ${count} elements`,
        );
      // A cycle beside the head is found as Brent does: one element is kept, a later one each time that the number doubles.
      if ((count & (count - 1)) === 0) seen = at;
      count++;
      yield this.view(struct, BigInt.asUintN(64, at - offset));
    }
  }
}
