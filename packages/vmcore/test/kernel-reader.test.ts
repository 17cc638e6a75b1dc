import { describe, expect, it } from 'vitest';
import { KernelReader } from '../src/index.ts';
import { kernelMemory } from './kernel-image.ts';

const START = 0xffff_8000_0000_0ff0n;
const letters = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('KernelReader', () => {
  const bytes = Uint8Array.of(0xfe, 1, 2, 3, 4, 5, 6, 0x87);
  const little = new KernelReader(kernelMemory('little', new Map([[START, bytes]])));
  const big = new KernelReader(kernelMemory('big', new Map([[START, bytes]])));

  it('reads numbers in the byte order of the kernel', () => {
    expect([little.u8(START), little.u16(START), little.u32(START)]).toEqual([0xfe, 0x1fe, 0x30201fe]);
    expect([big.u8(START), big.u16(START), big.u32(START)]).toEqual([0xfe, 0xfe01, 0xfe010203]);
    expect([little.u64(START), big.u64(START)]).toEqual([0x87060504030201fen, 0xfe01020304050687n]);
    expect(little.pointer(START)).toBe(little.u64(START));
    expect(little.bytes(START + 1n, 2)).toEqual(Uint8Array.of(1, 2));
  });

  it('reads a text up to its 0, or as far as it may', () => {
    const reader = new KernelReader(kernelMemory('little', new Map([[START, letters('Linux version\0rest')]])));
    expect(reader.text(START, 16)).toBe('Linux version');
    expect(reader.text(START, 5)).toBe('Linux');
    expect(reader.text(START + 13n, 5)).toBe('');
    expect(reader.text(START, 0)).toBe('');
  });

  it('asks for no page behind the one in which a text ends', () => {
    const pages = new Map([
      [START, letters('0123456789abcdef')],
      [START + 16n, letters('ghi\0'.padEnd(4096, 'z'))],
    ]);
    const reader = new KernelReader(kernelMemory('little', pages));
    expect(reader.text(START, 8192)).toBe('0123456789abcdefghi');
    expect(() => reader.text(START + 4112n, 5)).toThrow(/nothing at/);
  });
});
