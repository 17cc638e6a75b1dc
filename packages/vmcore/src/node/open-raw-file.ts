import type { ByteSource } from '../byte-source.ts';
import type { Dump } from '../dump.ts';
import type { Extent } from '../extent-store.ts';
import { openRaw, type RawMachine } from '../raw-image.ts';
import { refusal } from '../refusal.ts';
import { fileSource } from './file-source.ts';

/** Some memory of a raw image: as an extent, and all that is left of the file where no length is given. */
export type RawPart = Pick<Extent, 'start'> & Partial<Extent>;

/**
 * Opens memory as it is, from a file, as `openRaw()` does.
 * Throws as that does, `UNREADABLE` where the system does not let the file be read, and `BAD_ARGUMENT` where a part begins
 * behind its end.
 * @param parts which memory lies where; without a place in the file, at its beginning
 */
export function openRawFile(path: string, parts: readonly RawPart[], options: RawMachine): Dump {
  const source: ByteSource = fileSource(path);
  try {
    const map = parts.map(({ start, offset = 0, length = source.size - offset }): Extent => {
      if (length > 0) return { start, offset, length };
      throw refusal('BAD_ARGUMENT', `${path} has ${source.size} bytes, and a part of the map begins at ${offset}`);
    });
    return openRaw(source, map, options);
  } catch (error: unknown) {
    source.close?.();
    throw error;
  }
}
