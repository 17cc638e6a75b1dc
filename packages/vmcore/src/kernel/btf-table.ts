import type { ByteOrder } from '../byte-view.ts';
import { ByteView } from '../byte-view.ts';
import { refusal } from '../refusal.ts';
import { lettersOf } from './kernel-reader.ts';
import { HASH_BASE } from './name-index.ts';

/** Kinds of type records (include/uapi/linux/btf.h). */
export const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  float: 16,
  typeTag: 18,
  enum64: 19,
} as const;

const MAGIC = 0xeb9f;
const VERSION = 1;
/** Bytes of the header before there was a layout section, and with it. */
const HEADER = 24;
const HEADER_WITH_LAYOUT = 32;
/** 32-bit numbers that every record begins with: name_off, info, and size or type. */
const RECORD = 3;
/** The most bytes of a name (KSYM_NAME_LEN). */
const LONGEST_NAME = 512;

/** 32-bit numbers behind them by kind: of the record itself, and of each of its elements. */
const LAYOUT: readonly (readonly [own: number, each: number])[] = [
  [0, 0], // none
  [1, 0], // int
  [0, 0], // pointer
  [3, 0], // array
  [0, 3], // struct
  [0, 3], // union
  [0, 2], // enum
  [0, 0], // forward
  [0, 0], // typedef
  [0, 0], // volatile
  [0, 0], // const
  [0, 0], // restrict
  [0, 0], // function
  [0, 2], // function prototype
  [1, 0], // variable
  [0, 3], // section
  [0, 0], // float
  [1, 0], // declaration tag
  [0, 0], // type tag
  [0, 3], // enum of 64 bits
];

/** The records of types of a BTF section, by number; 0 is void and has none. */
export class BtfTable {
  /** All records: 32-bit numbers, and nothing else. */
  readonly #words: Uint32Array;
  readonly #strings: Uint8Array;
  /** With which of these numbers each record begins; of number 0 nothing. */
  readonly #starts: Uint32Array;

  /** Throws `BAD_FORMAT` for bytes that are no BTF, or a damaged one. */
  constructor(bytes: Uint8Array, order: ByteOrder) {
    const header = new ByteView(bytes, order, 'BTF');
    const size = bytes.length < HEADER ? 0 : header.u32(4);
    if (size < HEADER || header.u16(0) !== MAGIC || bytes[2] !== VERSION)
      throw wrong('does not begin as BTF of version 1 does: is that the right place, and the right byte order?');
    const section = (at: number): Uint8Array => {
      const start = size + header.u32(at);
      const end = start + header.u32(at + 4);
      if (end > bytes.length) throw wrong(`has a section up to byte ${end}, but only ${bytes.length} bytes`);
      return bytes.subarray(start, end);
    };
    this.#words = wordsOf(section(8), order);
    this.#strings = section(16);
    this.#starts = startsOf(this.#words, size >= HEADER_WITH_LAYOUT ? section(24) : new Uint8Array(0));
  }

  /** Numbers of types are below it. */
  get count(): number {
    return this.#starts.length;
  }

  /** One of {@link KIND}, or another one; 0 for void. Throws `BAD_FORMAT` for a number that no type has. */
  kind(id: number): number {
    return (this.#info(id) >>> 24) & 0x7f;
  }

  /** How many members or values it has. */
  elements(id: number): number {
    return this.#info(id) & 0xff_ffff;
  }

  /** A bit whose meaning depends on the kind. */
  flag(id: number): boolean {
    return this.#info(id) >>> 31 === 1;
  }

  /** Place of its name, 0 for none. */
  nameOffset(id: number): number {
    return id === 0 ? 0 : this.#words[this.#start(id)]!;
  }

  /** Its bytes, or the number of the type that it refers to, as the kind has it. */
  sizeOrType(id: number): number {
    return this.#words[this.#start(id) + 2]!;
  }

  /** A 32-bit number of those behind the record's start. The caller has bounded `i` by the kind and {@link elements}. */
  word(id: number, i: number): number {
    return this.#words[this.#start(id) + RECORD + i]!;
  }

  /** The text at a place of the strings, up to the longest that a name can be. */
  text(offset: number): string {
    return lettersOf(this.#strings.subarray(offset, this.#end(offset)));
  }

  /** The hash of that text, as of name-index.ts:hashOf. */
  hash(offset: number): number {
    const end = this.#end(offset);
    let hash = 0;
    let power = 1;
    for (let at = offset; at < end; at++) {
      hash = (hash + Math.imul(this.#strings[at]!, power)) | 0;
      power = Math.imul(power, HASH_BASE);
    }
    return hash;
  }

  #end(offset: number): number {
    const most = Math.min(this.#strings.length, offset + LONGEST_NAME);
    let end = offset;
    while (end < most && this.#strings[end] !== 0) end++;
    return end;
  }

  #info(id: number): number {
    return id === 0 ? 0 : this.#words[this.#start(id) + 1]!;
  }

  #start(id: number): number {
    if (id > 0 && id < this.#starts.length) return this.#starts[id]!;
    throw wrong(`refers to type ${id}, but has ${this.#starts.length - 1}`);
  }
}

/** The order of the computer that reads the dump. */
const OWN_ORDER: ByteOrder = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 'little' : 'big';

/** The numbers of a section. */
function wordsOf(bytes: Uint8Array, order: ByteOrder): Uint32Array {
  const words = new Uint32Array(bytes.length >>> 2);
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
  if (order === OWN_ORDER) return words;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    words[i] = (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  }
  return words;
}

function startsOf(words: Uint32Array, layout: Uint8Array): Uint32Array {
  const starts = new Uint32Array(Math.floor(words.length / RECORD) + 1);
  let id = 1;
  for (let at = 0; at < words.length; id++) {
    starts[id] = at;
    const info = at + RECORD <= words.length ? words[at + 1]! : 0;
    const kind = (info >>> 24) & 0x7f;
    const known = LAYOUT[kind] ?? laidOut(layout, kind);
    if (known === undefined) throw wrong(`has type ${id} of kind ${kind}, which is not known and not laid out`);
    at += RECORD + known[0] + known[1] * (info & 0xff_ffff);
    if (at > words.length) throw wrong(`ends inside type ${id}`);
  }
  return starts.subarray(0, id);
}

/** How long records of a newer kind are: the section says that in bytes, 4 of its own for each kind. */
function laidOut(layout: Uint8Array, kind: number): readonly [own: number, each: number] | undefined {
  const own = layout[4 * kind];
  const each = layout[4 * kind + 1];
  return own === undefined || each === undefined || (own | each) % 4 !== 0 ? undefined : [own / 4, each / 4];
}

/** What is wrong with the bytes. */
export function wrong(why: string): Error {
  return refusal('BAD_FORMAT', `the kernel's BTF ${why}`);
}
