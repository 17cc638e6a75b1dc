// @ts-check
import { describe, expect, it } from 'vitest';
import { withNode, withPmem, words } from '../device-tree.mjs';

/**
 * A tree whose root has one property, with gaps between its parts as QEMU leaves them.
 * @param {Buffer} [end] last words of the structure
 */
function tree(end = words(2, 9)) {
  const struct = Buffer.concat([words(1, 0), words(3, 4, 0), words(2), end]);
  const strings = Buffer.from('#size-cells\0');
  const reserved = Buffer.concat([words(0, 0x1000, 0, 0x2000), Buffer.alloc(16)]);
  const [reservedAt, structAt] = [48, 48 + reserved.length + 16];
  const stringsAt = structAt + struct.length + 8;
  const blob = Buffer.alloc(stringsAt + strings.length + 64);
  words(0xd00dfeed, blob.length, structAt, stringsAt, reservedAt, 17, 16, 5, strings.length, struct.length).copy(blob);
  reserved.copy(blob, reservedAt);
  struct.copy(blob, structAt);
  strings.copy(blob, stringsAt);
  return blob;
}

/**
 * Reads a tree by the offsets of its header.
 * @param {Buffer} blob
 */
function read(blob) {
  const word = (/** @type {number} */ at) => blob.readUInt32BE(at);
  const name = (/** @type {number} */ at) => blob.toString('latin1', at, blob.indexOf(0, at));
  const lines = [];
  let at = word(8);
  for (let depth = 0; ; ) {
    const token = word(at);
    at += 4;
    if (token === 9) break;
    if (token === 2) depth--;
    if (token === 1) {
      lines.push(`${' '.repeat(depth++)}${name(at)}/`);
      at = (at + name(at).length + 4) & ~3;
    }
    if (token === 3) {
      const length = word(at);
      lines.push(
        `${' '.repeat(depth)}${name(word(12) + word(at + 4))} ${blob.toString('hex', at + 8, at + 8 + length)}`,
      );
      at = (at + 8 + length + 3) & ~3;
    }
  }
  expect(at).toBe(word(8) + word(36));
  return { size: word(4), cpu: word(28), reserved: blob.toString('hex', word(16), word(16) + 16), lines };
}

describe('a device tree', () => {
  it('gets a node after all others', () => {
    const blob = withNode(tree(), 'a@1', [
      { name: 'compatible', value: Buffer.from('abcd\0') },
      { name: 'x', value: words(7) },
    ]);
    expect(read(blob)).toEqual({
      size: blob.length,
      cpu: 5,
      reserved: '00000000000010000000000000002000',
      lines: ['/', ' #size-cells 00000002', ' a@1/', '  compatible 6162636400', '  x 00000007'],
    });
  });

  it('can get another after that', () => {
    const twice = withNode(withNode(tree(), 'a', []), 'b', []);
    expect(read(twice).lines).toEqual(['/', ' #size-cells 00000002', ' a/', ' b/']);
  });

  it('has persistent memory at addresses of 64 bits', () => {
    const { lines } = read(withPmem(tree(), { start: 2 ** 32, bytes: 2 ** 31 }));
    expect(lines.slice(2)).toEqual([
      ' pmem@100000000/',
      `  compatible ${Buffer.from('pmem-region\0').toString('hex')}`,
      '  reg 00000001000000000000000080000000',
      '  numa-node-id 00000000',
    ]);
  });

  it('that is none, or ends otherwise, is refused', () => {
    expect(() => withNode(Buffer.from('no tree'), 'a', [])).toThrow(/no device tree/);
    expect(() => withNode(tree(words(4, 9)), 'a', [])).toThrow(/does not end with its root/);
  });
});
