import type { ByteSource } from './byte-source.ts';
import { refusal } from './refusal.ts';

/** What is asked of a `Blob` or `File`. */
export interface BlobLike {
  /** Bytes. */
  readonly size: number;
  /** A file's name. */
  readonly name?: string;
  /** A part of it, without reading it. */
  slice(start: number, end: number): BlobLike;
}

interface SyncReader {
  readAsArrayBuffer(blob: BlobLike): ArrayBuffer;
}

/**
 * A `File` that a user has chosen, however large: only what is asked for is read. Works in a worker, where browsers have
 * `FileReaderSync`; elsewhere it throws `BAD_ARGUMENT`.
 */
export function blobSource(blob: BlobLike): ByteSource {
  const { FileReaderSync } = globalThis as { FileReaderSync?: new () => SyncReader };
  if (FileReaderSync === undefined)
    throw refusal(
      'BAD_ARGUMENT',
      'a Blob can be read in a worker only; elsewhere give bufferSource(await blob.arrayBuffer())',
    );
  const reader = new FileReaderSync();
  return {
    name: blob.name ?? 'the blob',
    size: blob.size,
    read(position, into) {
      const end = Math.min(blob.size, position + into.length);
      if (end <= position) return 0;
      const part = new Uint8Array(reader.readAsArrayBuffer(blob.slice(position, end)));
      into.set(part);
      return part.length;
    },
  };
}
