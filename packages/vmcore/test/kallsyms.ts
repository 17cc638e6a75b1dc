import type { ByteOrder, KallsymsTables, KernelSymbol } from '../src/index.ts';
import { Words } from './word.ts';

/** How symbols say where they are. */
export type AddressWay = 'here' | 'base' | 'percpu';

/** Tables of symbols as scripts/kallsyms.c writes them, and where each of them is. */
export interface WrittenKallsyms {
  readonly start: bigint;
  readonly bytes: Uint8Array;
  readonly tables: KallsymsTables;
}

/** Tokens of two or more letters that the tests' names have; each has a place that no letter takes. */
const PAIRS = ['in', 'it', 'init', '_task', 'kall', 'syms', 'swapper_', 'Tx', 'long'];

function tokens(): string[] {
  const all = Array.from({ length: 256 }, (_, code) => (code > 32 && code < 127 ? String.fromCharCode(code) : ''));
  for (const [i, pair] of PAIRS.entries()) all[160 + i] = pair;
  return all;
}

function compressed(text: string, letters: readonly string[]): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length; ) {
    let best = text.charCodeAt(at);
    for (const [code, token] of letters.entries())
      if (token.length > letters[best]!.length && text.startsWith(token, at)) best = code;
    codes.push(best);
    at += letters[best]!.length;
  }
  return codes;
}

/** The tables, from `start` on, in the order of kernels since 6.4. Symbols are by address. */
export function writeKallsyms(
  symbols: readonly KernelSymbol[],
  byteOrder: ByteOrder,
  way: AddressWay,
  start = 0xffff_ffff_8100_0000n,
): WrittenKallsyms {
  const words = new Words(byteOrder);
  const here = (): bigint => start + BigInt(words.length);
  const align = (): void => void words.to(Math.ceil(words.length / 8) * 8);
  const letters = tokens();

  words.u32(symbols.length);
  const names = here();
  for (const { type, name } of symbols) {
    const codes = compressed(type + name, letters);
    words.bytes(codes.length < 128 ? [codes.length] : [(codes.length & 127) | 128, codes.length >> 7]);
    words.bytes(codes);
  }
  align();
  const tokenTable = here();
  const starts = letters.map((token) => {
    const at = Number(here() - tokenTable);
    words.text(token, token.length + 1);
    return at;
  });
  align();
  const tokenIndex = here();
  words.u16(...starts);
  const offsets = here();
  const isPercpu = (address: bigint): boolean => way === 'percpu' && address < 0x10_0000n;
  const base = symbols.find(({ address }) => !isPercpu(address))?.address ?? 0n;
  for (const { address } of symbols) {
    if (way === 'here') words.u32(Number(BigInt.asUintN(32, address - here())));
    else if (way === 'base') words.u32(Number(address - base));
    else words.u32(Number(isPercpu(address) ? address : BigInt.asUintN(32, base - 1n - address)));
  }
  align();
  const relativeBase = way === 'here' ? undefined : here();
  if (way !== 'here') words.u64(base);
  const tables = { numSyms: start, names, tokenTable, tokenIndex, offsets, relativeBase };
  return { start, bytes: words.done(), tables };
}
