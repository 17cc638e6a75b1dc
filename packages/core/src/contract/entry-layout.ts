import { VmemmapError } from '../errors.ts';

/** A field of an entry, as the architecture's manual has it. Bits count from 0, the least significant. */
export interface EntryField {
  /** As in the manual. */
  readonly name: string;
  /** Lowest bit. */
  readonly low: number;
  /** Same as `low` for a single bit. */
  readonly high: number;
  /** What it means when set, or what the field holds. */
  readonly about: string;
}

/** The fields of one kind of entry at some levels. */
export interface EntryLayout {
  /** Levels by name. */
  readonly levels: readonly string[];
  /** Whether it points to a table or maps memory. */
  readonly kind: 'table' | 'leaf';
  /** Highest bits first. */
  readonly fields: readonly EntryField[];
}

/** A field with the value it has in one entry. */
export interface EntryFieldValue {
  readonly name: string;
  readonly value: bigint;
  readonly about: string;
  /** True for a field of one bit. */
  readonly flag: boolean;
}

/** The layout of one kind of entry at a level; undefined when it is not described. */
function entryLayout(layouts: readonly EntryLayout[], level: string, kind: 'table' | 'leaf'): EntryLayout | undefined {
  return layouts.find((candidate) => candidate.kind === kind && candidate.levels.includes(level));
}

/**
 * Composes an entry from fields by name, all others 0: the inverse of {@link decodeEntry}.
 * @throws VmemmapError `BAD_ARGUMENT` for a field that the entry does not have, or a value that does not fit it
 */
export function encodeEntry(
  layouts: readonly EntryLayout[],
  level: string,
  kind: 'table' | 'leaf',
  values: Readonly<Record<string, bigint | number>>,
): bigint {
  const layout = entryLayout(layouts, level, kind);
  let entry = 0n;
  for (const [name, value] of Object.entries(values)) {
    const field = layout?.fields.find((candidate) => candidate.name === name);
    if (field === undefined) {
      throw new VmemmapError('BAD_ARGUMENT', `a ${kind} entry of level ${level} has no field ${JSON.stringify(name)}`);
    }
    const bits = field.high - field.low + 1;
    if (BigInt.asUintN(bits, BigInt(value)) !== BigInt(value)) {
      throw new VmemmapError('BAD_ARGUMENT', `${value} does not fit the ${bits} bits of field ${JSON.stringify(name)}`);
    }
    entry |= BigInt(value) << BigInt(field.low);
  }
  return entry;
}

/** The fields of an entry that are not zero, highest bits first. */
export function decodeEntry(
  layouts: readonly EntryLayout[],
  level: string,
  kind: 'table' | 'leaf',
  entry: bigint,
): readonly EntryFieldValue[] {
  const layout = entryLayout(layouts, level, kind);
  const found: EntryFieldValue[] = [];
  for (const { name, low, high, about } of layout?.fields ?? []) {
    const value = BigInt.asUintN(high - low + 1, entry >> BigInt(low));
    if (value !== 0n) found.push({ name, value, about, flag: high === low });
  }
  return found;
}
