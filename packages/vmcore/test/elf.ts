import type { ByteOrder } from '../src/index.ts';
import { type Machine, PAGE, runsOf } from './machine.ts';
import { Words } from './word.ts';

/** A note as bytes. */
export function note(order: ByteOrder, name: string, type: number, desc: Uint8Array): Uint8Array {
  const words = new Words(order)
    .u32(name.length + 1, desc.length, type)
    .text(name, Math.ceil((name.length + 1) / 4) * 4);
  return words
    .bytes(desc)
    .to(Math.ceil(words.length / 4) * 4)
    .done();
}

export interface ElfShape {
  readonly bits?: 32 | 64;
  readonly eMachine?: number;
  readonly type?: number;
  readonly notes?: Uint8Array;
  /** PT_LOAD with physical address -1, as /proc/kcore has them. */
  readonly withoutAddress?: number;
  /** PT_LOAD of the same page once more, at this place in the file. */
  readonly again?: bigint;
  /** Counts the program headers in section 0. */
  readonly manyHeaders?: boolean;
}

/** An ELF core with one PT_LOAD for each run of pages. */
export function elfCore(machine: Machine, shape: ElfShape = {}): Uint8Array {
  const {
    bits = 64,
    eMachine = 62,
    type = 4,
    notes = new Uint8Array(0),
    withoutAddress = 0,
    again,
    manyHeaders = false,
  } = shape;
  const order = machine.byteOrder;
  const [ehsize, phentsize, shentsize] = bits === 64 ? [64, 56, 64] : [52, 32, 40];
  const runs = runsOf([...machine.pages.keys()]);
  const phnum = 1 + withoutAddress + (again === undefined ? 0 : 1) + runs.length;
  const phoff = ehsize + shentsize;
  const notesAt = phoff + phnum * phentsize;
  // Not at a multiple of the page size: QEMU does not do that either.
  const dataAt = notesAt + notes.length + 8;
  const out = new Words(order)
    .bytes([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, order === 'little' ? 1 : 2, 1])
    .to(16);
  out.u16(type, eMachine).u32(1).word(bits, 0, phoff, ehsize).u32(0);
  out.u16(ehsize, phentsize, manyHeaders ? 0xffff : phnum, shentsize, 1, 0);
  if (bits === 64) out.u32(0, 0).u64(0, 0, 0, 0).u32(0, phnum).u64(0, 0);
  else out.u32(0, 0, 0, 0, 0, 0, 0, phnum, 0, 0);
  const header = (kind: number, offset: number | bigint, pa: number | bigint, size: number): void => {
    if (bits === 64) out.u32(kind, 0).u64(offset, 0, pa, size, size, 0);
    else out.u32(kind, Number(offset), 0, Number(pa), size, size, 0, 0);
  };
  header(4, notesAt, 0, notes.length);
  for (let i = 0; i < withoutAddress; i++) header(1, dataAt, bits === 64 ? 2n ** 64n - 1n : 2 ** 32 - 1, PAGE);
  if (again !== undefined) header(1, again, runs[0]![0] * PAGE, PAGE);
  let at = dataAt;
  for (const [first, count] of runs) {
    header(1, at, first * PAGE, count * PAGE);
    at += count * PAGE;
  }
  out.bytes(notes).to(dataAt);
  for (const [first, count] of runs) for (let i = 0; i < count; i++) out.bytes(machine.pages.get(first + i)!);
  return out.done();
}
