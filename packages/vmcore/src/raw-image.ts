import type { ByteSource } from './byte-source.ts';
import type { ByteOrder } from './byte-view.ts';
import { type Dump, dumpOf } from './dump.ts';
import { type Extent, ExtentStore } from './extent-store.ts';
import type { MemoryOptions } from './physical-memory.ts';
import { refusal } from './refusal.ts';

/** What a raw image cannot say of itself. */
export interface RawMachine extends MemoryOptions {
  /** As `uname -m` says it. */
  readonly machine: string;
  /** Of the machine; default little. */
  readonly byteOrder?: ByteOrder;
  /** Of the machine's words; default 64. */
  readonly bits?: 32 | 64;
}

/**
 * Memory as it is: what QEMU's pmemsave writes, or a hypervisor's memory file.
 * Throws `BAD_ARGUMENT` for a map that is none, `TRUNCATED` for one that has more than the file.
 * @param map where which memory lies; physical address, place in the file, length, in bytes
 */
export function openRaw(source: ByteSource, map: readonly Extent[], options: RawMachine): Dump {
  const { machine, byteOrder = 'little', bits = 64 } = options;
  if (map.length === 0)
    throw refusal('BAD_ARGUMENT', 'the map of a raw image has no part: say which memory lies where');
  const sorted = [...map].sort((a, b) => a.start - b.start);
  let end = 0;
  for (const { start, length, offset } of sorted) {
    if (
      ![start, length, offset, start + length, offset + length].every((n) => Number.isSafeInteger(n) && n >= 0) ||
      length === 0
    )
      throw refusal(
        'BAD_ARGUMENT',
        `a part of the map has start ${start}, length ${length}, offset ${offset}: whole numbers of bytes, length 1 or more`,
      );
    if (start < end) throw refusal('BAD_ARGUMENT', `two parts of the map have memory at 0x${start.toString(16)}`);
    end = start + length;
    if (offset + length > source.size)
      throw refusal('TRUNCATED', `${source.name} has ${source.size} bytes, and the map tells of ${offset + length}`);
  }
  const ranges = sorted.map(({ start, length }) => ({ start, end: start + length }));
  const store = new ExtentStore(source, sorted, ranges);
  return dumpOf({ format: 'raw', bits, byteOrder, machine, notes: [], warnings: [], store }, [source], options);
}
