import { describe, expect, it } from 'vitest';
import { lzo1x } from '../src/codecs/lzo1x.ts';
import { snappy } from '../src/codecs/snappy.ts';
import { zstd } from '../src/codecs/zstd.ts';
import { PAGE } from './machine.ts';
import { WRITTEN } from './written-pages.ts';

/** Text that repeats itself nearly, entries of a page table, and little in many zeros. */
function pages(): Uint8Array[] {
  let text = '';
  for (let i = 0; text.length < PAGE; i++)
    text += `struct page ${(i * 7) % 1000} of section ${i % 13} at ${(i * 64).toString(16)}\n`;
  const entries = new DataView(new ArrayBuffer(PAGE));
  for (let i = 0; i < 512; i++)
    entries.setBigUint64(
      8 * i,
      (0x8000_0000_0000_0063n + BigInt(i) * 0x20_0000n + (BigInt(i % 11) << 52n)) % 2n ** 64n,
      true,
    );
  const zeros = new Uint8Array(PAGE);
  for (let i = 0; i < PAGE; i += 97) zeros[i] = i;
  for (let i = 2000; i < 2300; i++) zeros[i] = (i * i) >> 3;
  return [
    Uint8Array.from(text.slice(0, PAGE), (letter) => letter.charCodeAt(0)),
    new Uint8Array(entries.buffer),
    zeros,
  ];
}

describe('pages that makedumpfile wrote', () => {
  for (const [name, inflate] of Object.entries({ lzo: lzo1x, zstd }))
    it(`are read: ${name}`, () => {
      const written = WRITTEN[name === 'lzo' ? 'lzo' : 'zstd'].map(
        (text) => new Uint8Array(Buffer.from(text, 'base64')),
      );
      expect(written.map((bytes) => inflate(bytes, PAGE))).toEqual(pages());
      for (const bytes of written) expect(() => inflate(bytes, PAGE / 2)).toThrow();
    });
});

describe('snappy data', () => {
  it('of literals and copies are read', () => {
    // The length 4096, the letter a, 63 copies of 64 bytes from 1 byte before, one of 63 (format_description.txt).
    const copies = Array.from({ length: 63 }, () => [0xfe, 1, 0]).flat();
    const written = Uint8Array.from([0x80, 0x20, 0x00, 0x61, ...copies, 0xfa, 1, 0]);
    expect(snappy(written, PAGE)).toEqual(new Uint8Array(PAGE).fill(0x61));
  });

  it('with a literal that is longer than any file end', () => {
    expect(() => snappy(Uint8Array.from([0x80, 0x20, 0xfc, 0xf0, 0xff, 0xff, 0xff, 1, 2, 3]), PAGE)).toThrow();
  });

  it('with another length are refused', () => {
    expect(() => snappy(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]), PAGE)).toThrow(/no length/);
    expect(() => snappy(Uint8Array.from([0x81, 0x20, 0, 0]), PAGE)).toThrow(/another length/);
  });
});
