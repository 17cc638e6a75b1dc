import type { ByteSource } from './byte-source.ts';
import { type Dump, dumpOf } from './dump.ts';
import type { OpenOptions } from './dump-image.ts';
import { readElfCore } from './elf/elf-core.ts';
import { isElf } from './elf/header.ts';
import { isFlattened, unflattened } from './kdump/flattened.ts';
import { isKdump } from './kdump/header.ts';
import { readKdump } from './kdump/kdump.ts';
import { refusal } from './refusal.ts';

/** Bytes by which formats are told apart. */
const HEAD = 16;

/**
 * Opens a dump, whatever its format is: that is told from what it begins with.
 * Throws `BAD_FORMAT` for what is no dump or a damaged one, `TRUNCATED` where the end is missing.
 * @param sources the file, or all parts of a split dump in any order
 */
export function openSources(sources: readonly ByteSource[], options: OpenOptions = {}): Dump {
  if (sources.length === 0) throw refusal('BAD_ARGUMENT', 'no file was given: give a dump');
  const read = sources.map((source) => {
    const head = headOf(source);
    return isFlattened(head) ? unflattened(source) : source;
  });
  const first = read[0]!;
  const heads = read.map(headOf);
  if (heads.every(isKdump)) return dumpOf(readKdump(read, options), sources, options);
  if (read.length > 1)
    throw refusal(
      'BAD_ARGUMENT',
      `${read.length} files are one dump only as parts of a kdump-compressed one: give one file`,
    );
  if (isElf(heads[0]!)) return dumpOf(readElfCore(first, options), sources, options);
  throw refusal(
    'BAD_FORMAT',
    `${first.name} is neither an ELF core nor a kdump-compressed file; for memory as it is, say with openRaw() what lies where`,
  );
}

/** True for what begins as a dump does that says of itself what it is. It may be damaged all the same. */
export function isDump(source: ByteSource): boolean {
  const head = headOf(source);
  return isElf(head) || isKdump(head) || isFlattened(head);
}

function headOf(source: ByteSource): Uint8Array {
  const head = new Uint8Array(HEAD);
  return head.subarray(0, source.read(0, head));
}
