import { gunzipSync } from 'node:zlib';
import { bufferSource } from '../buffer-source.ts';
import type { ByteSource } from '../byte-source.ts';
import { refusal } from '../refusal.ts';

/** A trimmed dump is small; a whole one that was packed with gzip cannot be read here and there, and is to be unpacked. */
const MOST = 2 ** 28;
const MOST_PACKED = 2 ** 26;

/**
 * A file that gzip has packed, unpacked in memory; any other as it is.
 * Throws `BAD_FORMAT` for more than 256 MiB, and for what gzip cannot read.
 */
export function unpacked(source: ByteSource): ByteSource {
  const head = new Uint8Array(2);
  if (source.read(0, head) < 2 || head[0] !== 0x1f || head[1] !== 0x8b) return source;
  const { name, size } = source;
  if (size > MOST_PACKED) throw refusal('BAD_FORMAT', `${name} is too large to be read packed: unpack it with gunzip`);
  const packed = new Uint8Array(size);
  source.read(0, packed);
  source.close?.();
  try {
    return bufferSource(gunzipSync(packed, { maxOutputLength: MOST }), name);
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
        ? 'it has more than 256 MiB: unpack it with gunzip'
        : (error as Error).message;
    throw refusal('BAD_FORMAT', `${name} cannot be unpacked: ${why}`);
  }
}
