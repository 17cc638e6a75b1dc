import { refusal } from '../refusal.ts';
import type { Inflate } from './codec.ts';
import { lzo1x } from './lzo1x.ts';
import { snappy } from './snappy.ts';
import { zstd } from './zstd.ts';

/** The flags of a page descriptor that say how the page is compressed; none: not at all (makedumpfile's diskdump_mod.h). */
const CODECS: readonly { readonly flag: number; readonly name: string; readonly inflate?: Inflate }[] = [
  { flag: 0x1, name: 'zlib' },
  { flag: 0x2, name: 'lzo', inflate: lzo1x },
  { flag: 0x4, name: 'snappy', inflate: snappy },
  { flag: 0x20, name: 'zstd', inflate: zstd },
];
const ALL = CODECS.reduce((flags, { flag }) => flags | flag, 0);

/**
 * Decompresses a page.
 * @param flags of its descriptor
 * @param zlib reads zlib data, where there is something that does
 * @param where what errors call the page
 */
export function decompressPage(
  flags: number,
  compressed: Uint8Array,
  pageSize: number,
  zlib: Inflate | undefined,
  where: () => string,
): Uint8Array {
  if ((flags & ALL) === 0) {
    if (compressed.length !== pageSize)
      throw refusal(
        'BAD_FORMAT',
        `${where()} is not compressed and has ${compressed.length} bytes instead of ${pageSize}`,
      );
    return compressed;
  }
  const codec = CODECS.find(({ flag }) => (flags & ALL) === flag);
  if (codec === undefined)
    throw refusal('BAD_FORMAT', `${where()} has flags 0x${flags.toString(16)}: several compressions at once`);
  const inflate = codec.inflate ?? zlib;
  if (inflate === undefined)
    throw refusal(
      'BAD_ARGUMENT',
      `${where()} is compressed with zlib: give the option inflate, or open it with @vmemmap/vmcore/node`,
    );
  let page: Uint8Array;
  try {
    page = inflate(compressed, pageSize);
  } catch (error: unknown) {
    const why = error instanceof Error ? error.message : String(error);
    throw refusal('BAD_FORMAT', `${where()} is no ${codec.name} data (${why}); the file is damaged`);
  }
  if (page.length === pageSize) return page;
  throw refusal(
    'BAD_FORMAT',
    `${where()} has ${page.length} bytes of ${codec.name} data instead of ${pageSize}; the file is damaged`,
  );
}
