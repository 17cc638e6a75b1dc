import { snappyUncompressor } from 'hysnappy';

let uncompress: ReturnType<typeof snappyUncompressor> | undefined;

/** Snappy, without frames: the length as a varint, then the data. */
export function snappy(compressed: Uint8Array, pageSize: number): Uint8Array {
  // The length is looked at first: the library makes room for what it is told, not for what the data say.
  let length = 0;
  for (let i = 0; ; i++) {
    const byte = compressed[i];
    if (byte === undefined || i > 3) throw new RangeError('no length');
    length += (byte & 127) * 128 ** i;
    if (byte < 128) break;
  }
  if (length !== pageSize) throw new RangeError('another length');
  // WebAssembly is compiled for the first page, once.
  uncompress ??= snappyUncompressor();
  return uncompress(compressed, pageSize);
}
