import type { ByteSource } from './byte-source.ts';

/**
 * Bytes that are in memory already.
 * @param name what errors call it
 */
export function bufferSource(bytes: ArrayBuffer | Uint8Array, name = 'the buffer'): ByteSource {
  const all = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    name,
    size: all.length,
    read(position, into) {
      const part = all.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}
