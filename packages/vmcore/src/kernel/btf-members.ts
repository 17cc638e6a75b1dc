import { type BtfTable, KIND, wrong } from './btf-table.ts';
import type { BtfMember } from './btf-types.ts';

/** The most members of a struct with those of anonymous ones inside, and how deep these may be: ten times what kernels have. */
const MOST_MEMBERS = 2 ** 16;
const DEEPEST = 32;

/**
 * The members of a struct or union. Those of anonymous ones inside are in their place, as C takes them.
 * Throws `BAD_FORMAT` where they do not end, or a member that is no bit-field does not begin with a byte.
 * @param resolve number of the type that another one stands for
 */
export function membersOf(table: BtfTable, id: number, resolve: (type: number) => number): readonly BtfMember[] {
  const members: BtfMember[] = [];
  let seen = 0;
  const add = (owner: number, start: number, depth: number): void => {
    const count = table.elements(owner);
    const fields = table.flag(owner);
    for (let i = 0; i < count; i++) {
      if (++seen > MOST_MEMBERS || depth > DEEPEST) throw wrong(`has a struct without end, type ${id}`);
      const name = table.word(owner, 3 * i);
      const type = table.word(owner, 3 * i + 1);
      const place = table.word(owner, 3 * i + 2);
      const bit = start + (fields ? place & 0xff_ffff : place);
      const count = fields ? place >>> 24 : 0;
      const first = bit % 8;
      if (name === 0) {
        const inner = resolve(type);
        const kind = table.kind(inner);
        if (kind === KIND.struct || kind === KIND.union) add(inner, bit, depth + 1);
        continue;
      }
      if (count === 0 && first !== 0) throw wrong(`has member ${i} of type ${owner} at bit ${bit}, inside a byte`);
      const bits = count === 0 ? undefined : { first, count };
      members.push({ name: table.text(name), offset: (bit - first) / 8, bits, type });
    }
  };
  add(id, 0, 0);
  return members;
}
