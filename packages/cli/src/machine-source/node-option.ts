import { type MemoryRange, VmemmapError } from '@vmemmap/core';
import { readSize } from '../size.ts';

/** A `--node` option with its text. */
export interface NodeOption extends MemoryRange {
  readonly text: string;
}

/**
 * Reads a `--node` value: `1=0x100000000-0x1ffffffff`, the last byte included, as /proc/iomem has it.
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseNodeOption(text: string): NodeOption {
  const match = /^(\d{1,4})=([^-]+)-([^-]+)$/.exec(text);
  const start = match === null ? undefined : readSize(match[2]!);
  const last = match === null ? undefined : readSize(match[3]!);
  if (match === null || start === undefined || last === undefined || last < start) {
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `--node: ${JSON.stringify(text)} is no range of a node; write it like 1=0x100000000-0x1ffffffff`,
      '@vmemmap/cli',
    );
  }
  return { node: Number(match[1]), start, end: last + 1, text };
}
