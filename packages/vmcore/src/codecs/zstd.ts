import { decompress } from 'fzstd';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** The shortest match of a sequence (RFC 8878, 3.1.1.3.2.1.1). */
const SHORTEST_MATCH = 3;

/** One Zstandard frame, which says how long the page is; makedumpfile always does. */
export function zstd(compressed: Uint8Array, pageSize: number): Uint8Array {
  if (MAGIC.some((byte, i) => compressed[i] !== byte)) throw new RangeError('no frame');
  checkFrame(compressed, pageSize);
  // The library makes room by itself, for what the frame says. (Given room, it turns that into a string to compare it
  // with 1, for every page: 60 % of the time, measured.)
  return decompress(compressed);
}

/**
 * What the library would take as it is: room for any length, copies that no longer fit into the page, of which 20 bytes
 * can ask for minutes, and frames behind the first. (RFC 8878, 3.1.1)
 */
function checkFrame(data: Uint8Array, pageSize: number): void {
  const byte = (at: number): number => data[at] ?? 0;
  const flags = byte(4);
  const single = (flags >> 5) & 1;
  const sizeBytes = flags >> 6 === 0 ? single : 1 << (flags >> 6);
  let at = 6 - single + [0, 1, 2, 4][flags & 3]!;
  let size = sizeBytes === 2 ? 256 : 0;
  for (let i = 0; i < sizeBytes; i++) size += byte(at + i) * 256 ** i;
  if (size !== pageSize) throw new RangeError('another length');
  at += sizeBytes;
  let left = Math.floor(pageSize / SHORTEST_MATCH);
  for (let last = 0; last === 0; ) {
    if (at >= data.length) throw new RangeError('no end');
    const header = byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16);
    last = header & 1;
    const type = (header >> 1) & 3;
    at += 3;
    if (type === 2) left -= sequences(byte, at);
    if (left < 0) throw new RangeError('more sequences than the page has room for');
    at += type === 1 ? 1 : header >> 3;
  }
  const checksum = (flags & 4) === 0 ? 0 : 4;
  if (at + checksum !== data.length) throw new RangeError('not one frame');
}

/** The number of sequences of the compressed block at `at`: it comes after the literals. */
function sequences(byte: (at: number) => number, at: number): number {
  const first = byte(at);
  const format = (first >> 2) & 3;
  const word = first | (byte(at + 1) << 8) | (byte(at + 2) << 16);
  let size: number;
  if ((first & 3) < 2) {
    // Raw or one byte again and again: the size has 5, 12 or 20 bits.
    const headerBytes = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3;
    const count = headerBytes === 1 ? first >> 3 : headerBytes === 2 ? (word & 0xffff) >> 4 : word >> 4;
    size = headerBytes + ((first & 3) === 0 ? count : 1);
  } else {
    // Huffman: two sizes, of 10, 14 or 18 bits each, the compressed one last.
    const headerBytes = format < 2 ? 3 : format + 2;
    const bits = format < 2 ? 10 : 4 * format + 6;
    const all = word + (byte(at + 3) + byte(at + 4) * 256) * 2 ** 24;
    size = headerBytes + (Math.floor(all / 2 ** (4 + bits)) % 2 ** bits);
  }
  const count = byte(at + size);
  if (count < 128) return count;
  if (count < 255) return ((count - 128) << 8) + byte(at + size + 1);
  return byte(at + size + 1) + (byte(at + size + 2) << 8) + 0x7f00;
}
