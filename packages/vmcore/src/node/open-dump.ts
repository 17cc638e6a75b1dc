import { inflateSync } from 'node:zlib';
import type { ByteSource } from '../byte-source.ts';
import type { Inflate } from '../codecs/codec.ts';
import type { Dump } from '../dump.ts';
import type { OpenOptions } from '../dump-image.ts';
import { openSources } from '../open.ts';
import { fileSource } from './file-source.ts';
import { unpacked } from './gunzip.ts';

/** zlib data of one page, with Node's own zlib. */
export const inflatePage: Inflate = (compressed, pageSize) =>
  inflateSync(compressed, { maxOutputLength: pageSize, chunkSize: pageSize });

/**
 * Opens a dump by its name, or all parts of a split one by theirs: an ELF core, a kdump-compressed file, /proc/kcore; a small
 * one also packed with gzip.
 * Throws as `openSources()` does, and `UNREADABLE` where the system does not let a file be read.
 */
export function openDump(paths: string | readonly string[], options: OpenOptions = {}): Dump {
  const sources: ByteSource[] = [];
  try {
    for (const path of typeof paths === 'string' ? [paths] : paths) sources.push(unpacked(fileSource(path)));
    return openSources(sources, { inflate: inflatePage, ...options });
  } catch (error: unknown) {
    for (const source of sources) source.close?.();
    throw error;
  }
}
