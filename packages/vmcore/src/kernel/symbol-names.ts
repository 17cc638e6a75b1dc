import { refusal } from '../refusal.ts';
import type { KallsymsTables } from './kallsyms-tables.ts';
import type { KernelReader } from './kernel-reader.ts';
import { HASH_BASE, hashOf, NameIndex } from './name-index.ts';
import { LONGEST_NAME, TokenTable } from './token-table.ts';

/** Bytes: twenty times what the names of a large kernel take. */
const MOST_BYTES = 2 ** 26;
/** The bit of the first byte of a length that says that there is a second one. */
const LONG = 0x80;

/** The names of all symbols, compressed as the kernel keeps them (kernel/kallsyms.c:kallsyms_expand_symbol). */
export class SymbolNames {
  readonly #tokens: TokenTable;
  readonly #bytes: Uint8Array;
  /** Of each symbol where its length is. */
  readonly #starts: Uint32Array;
  #index: NameIndex | undefined;

  /** Throws `BAD_FORMAT` for tables that are none. */
  constructor(reader: KernelReader, tables: KallsymsTables, count: number) {
    this.#tokens = new TokenTable(reader, tables);
    this.#bytes = reader.bytes(tables.names, room(tables));
    this.#starts = startsOf(this.#bytes, count);
  }

  /** The type, one letter as `nm` has it, and the name. Throws `BAD_FORMAT` for one that is longer than any. */
  spell(symbol: number): string {
    const { letters } = this.#tokens;
    let text = '';
    const end = this.#end(symbol);
    for (let at = this.#tokensAt(symbol); at < end; at++) {
      text += letters[this.#bytes[at]!]!;
      if (text.length >= LONGEST_NAME)
        throw refusal('BAD_FORMAT', `symbol ${symbol} of kallsyms_names has more than ${LONGEST_NAME - 1} letters`);
    }
    return text;
  }

  /** The first symbol of this name, -1 when there is none. */
  find(name: string): number {
    this.#index ??= this.#indexed();
    // The letter of the type stands before the name.
    const hash = Math.imul(hashOf(name), HASH_BASE);
    return this.#index.find(hash, (symbol) => this.spell(symbol).slice(1) === name);
  }

  #indexed(): NameIndex {
    const { hash, power, letters } = this.#tokens;
    const bytes = this.#bytes;
    const types = Int32Array.from(letters, (text) => (text === '' ? 0 : text.charCodeAt(0)));
    const index = new NameIndex(this.#starts.length);
    // From the last to the first, so that the first of equal names is found.
    for (let symbol = this.#starts.length - 1; symbol >= 0; symbol--) {
      const start = this.#tokensAt(symbol);
      const end = this.#end(symbol);
      let sum = -types[bytes[start]!]!;
      let factor = 1;
      for (let at = start; at < end; at++) {
        const token = bytes[at]!;
        sum = (sum + Math.imul(hash[token]!, factor)) | 0;
        factor = Math.imul(factor, power[token]!);
      }
      index.add(symbol, sum);
    }
    return index;
  }

  #tokensAt(symbol: number): number {
    return tokensAt(this.#bytes, this.#starts[symbol]!);
  }

  #end(symbol: number): number {
    const at = this.#starts[symbol]!;
    return tokensAt(this.#bytes, at) + lengthAt(this.#bytes, at);
  }
}

/** How many bytes there are at most: up to the next of the tables. In all releases one of them comes later. */
function room({ names, ...others }: KallsymsTables): number {
  let end = names + BigInt(MOST_BYTES) + 1n;
  for (const va of Object.values(others)) if (va !== undefined && va > names && va < end) end = va;
  const bytes = Number(end - names);
  if (bytes <= MOST_BYTES) return bytes;
  throw refusal(
    'BAD_FORMAT',
    `none of the tables comes within ${MOST_BYTES} bytes of kallsyms_names at 0x${names.toString(16)}: the addresses are wrong`,
  );
}

/** Where its tokens begin: behind the length, which takes one byte or two. */
function tokensAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! & LONG ? at + 2 : at + 1;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  return first & LONG ? (first & (LONG - 1)) | (bytes[at + 1]! << 7) : first;
}

function startsOf(bytes: Uint8Array, count: number): Uint32Array {
  const starts = new Uint32Array(count);
  let at = 0;
  for (let symbol = 0; symbol < count; symbol++) {
    starts[symbol] = at;
    const length = at + 1 < bytes.length ? lengthAt(bytes, at) : 0;
    at = tokensAt(bytes, at) + length;
    if (length === 0 || at > bytes.length)
      throw refusal(
        'BAD_FORMAT',
        `kallsyms_names has no name for symbol ${symbol} of ${count}: the addresses are wrong, or memory is damaged`,
      );
  }
  return starts;
}
