import { refusal } from '../refusal.ts';
import type { KallsymsTables } from './kallsyms-tables.ts';
import type { KernelReader } from './kernel-reader.ts';

/**
 * Where all symbols are (kernel/kallsyms.c:kallsyms_sym_address). Three ways have been in use:
 * - counted from where the number itself is, where there is no `kallsyms_relative_base`;
 * - added to the base;
 * - with CONFIG_KALLSYMS_ABSOLUTE_PERCPU, of x86 before 6.15: below 0 counted down from just below the base, and an address
 *   where it is not, that of a per-CPU variable in its area. As those come first, the last one is below 0, which in the
 *   second way would lie 2 GiB above the first.
 */
export class SymbolAddresses {
  readonly #base: bigint;
  readonly #offsets: Int32Array;
  readonly #way: 'here' | 'base' | 'percpu';
  /** How many symbols at the start are no addresses but places in the area of a CPU. */
  readonly #percpu: number;

  /** Throws `BAD_FORMAT` when symbols are not in the order of their addresses. */
  constructor(reader: KernelReader, { offsets, relativeBase }: KallsymsTables, count: number) {
    this.#offsets = int32s(reader, offsets, count);
    this.#base = relativeBase === undefined ? offsets : reader.pointer(relativeBase);
    this.#way = relativeBase === undefined ? 'here' : this.#offsets[count - 1]! < 0 ? 'percpu' : 'base';
    let percpu = 0;
    if (this.#way === 'percpu') while (this.#offsets[percpu]! >= 0) percpu++;
    this.#percpu = percpu;
    for (let symbol = percpu + 1; symbol < count; symbol++)
      if (this.#distance(symbol) < this.#distance(symbol - 1))
        throw refusal(
          'BAD_FORMAT',
          `kallsyms_offsets at 0x${offsets.toString(16)} has symbol ${symbol} below the one before it: the address is wrong, or memory is damaged`,
        );
  }

  /** The address of a symbol. */
  at(symbol: number): bigint {
    if (symbol < this.#percpu) return BigInt(this.#offsets[symbol]!);
    return BigInt.asUintN(64, this.#base + BigInt(this.#distance(symbol)));
  }

  /** The first of the symbols nearest below an address or at it; -1 below all of them, and above the last one. */
  nearest(va: bigint): number {
    const distance = Number(BigInt.asIntN(64, va - this.#base));
    const first = this.#percpu;
    const last = this.#offsets.length - 1;
    if (distance < this.#distance(first) || distance > this.#distance(last)) return -1;
    const after = this.#firstAbove(distance, first);
    const at = this.#distance(after - 1);
    return this.#firstAbove(at - 1, first);
  }

  /** The first symbol from `low` on that is farther away; the number of symbols when there is none. */
  #firstAbove(distance: number, low: number): number {
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#distance(middle) <= distance) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #distance(symbol: number): number {
    const offset = this.#offsets[symbol]!;
    if (this.#way === 'here') return 4 * symbol + offset;
    return this.#way === 'base' ? offset : -1 - offset;
  }
}

function int32s(reader: KernelReader, va: bigint, count: number): Int32Array {
  const bytes = reader.bytes(va, 4 * count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4 * count);
  const little = reader.byteOrder === 'little';
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = view.getInt32(4 * i, little);
  return numbers;
}
