import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../byte-source.ts';
import { refusal } from '../refusal.ts';

/** A file. Throws `UNREADABLE` where the system does not let it be read. Close it when done. */
export function fileSource(path: string): ByteSource {
  const fd = attempt(path, () => openSync(path, 'r'));
  const stat = fstatSync(fd);
  if (stat.isDirectory()) {
    closeSync(fd);
    throw refusal('UNREADABLE', `${path} is a directory: give the dump in it`);
  }
  return {
    name: path,
    // Files of /proc may not say how large they are, and devices do not.
    size: stat.isFile() && stat.size > 0 ? stat.size : emptySize(fd),
    read(position, into) {
      let done = 0;
      while (done < into.length) {
        const got = attempt(path, () => readSync(fd, into, done, into.length - done, position + done));
        if (got === 0) break;
        done += got;
      }
      return done;
    },
    close: () => closeSync(fd),
  };
}

// A file without a size is empty, or does not say.
function emptySize(fd: number): number {
  try {
    return readSync(fd, new Uint8Array(1), 0, 1, 0) === 0 ? 0 : Number.POSITIVE_INFINITY;
  } catch {
    return 0;
  }
}

function attempt<Result>(path: string, task: () => Result): Result {
  try {
    return task();
  } catch (error: unknown) {
    throw refusal('UNREADABLE', `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
