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
  /** Whether it holds part of an address. Default: fields of 16 bits and more do. */
  readonly address?: boolean;
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

/** A field with the value it has in one entry, or a bit of it that is set though no field has it. */
export interface EntryFieldValue {
  /** As in the layout; `bit57` for a bit that no field has. */
  readonly name: string;
  /** Value of the field, shifted down to bit 0. */
  readonly value: bigint;
  /** What it means when set, or what the field holds. */
  readonly about: string;
  /** True for a field of one bit. */
  readonly flag: boolean;
  /** True for a part of an address: which one it is, is the allocator's choice. */
  readonly address: boolean;
}

/** Protection keys, memory types and sizes have fewer bits, page numbers more. */
const ADDRESS_BITS = 16;
const UNNAMED = 'set, but no field of this entry';

/** The layout of one kind of entry at a level; undefined when it is not described. */
function entryLayout(layouts: readonly EntryLayout[], level: string, kind: 'table' | 'leaf'): EntryLayout | undefined {
  return layouts.find((candidate) => candidate.kind === kind && candidate.levels.includes(level));
}

/**
 * Composes an entry from fields by name, all others 0: the inverse of {@link decodeEntry}, but for bits without a name.
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
    if (
      (typeof value === 'number' && !Number.isInteger(value)) ||
      BigInt.asUintN(bits, BigInt(value)) !== BigInt(value)
    ) {
      throw new VmemmapError('BAD_ARGUMENT', `${value} does not fit the ${bits} bits of field ${JSON.stringify(name)}`);
    }
    entry |= BigInt(value) << BigInt(field.low);
  }
  return entry;
}

/**
 * The fields of an entry that are not zero, and the bits that are set outside of all fields, highest first: what is not
 * shown is zero. Nothing for an entry that is not described at all.
 */
export function decodeEntry(
  layouts: readonly EntryLayout[],
  level: string,
  kind: 'table' | 'leaf',
  entry: bigint,
): readonly EntryFieldValue[] {
  const layout = entryLayout(layouts, level, kind);
  if (layout === undefined) return [];
  const found: { readonly low: number; readonly value: EntryFieldValue }[] = [];
  let rest = BigInt.asUintN(64, entry);
  for (const { name, low, high, about, address } of layout.fields) {
    const bits = high - low + 1;
    const value = BigInt.asUintN(bits, rest >> BigInt(low));
    if (value === 0n) continue;
    rest ^= value << BigInt(low);
    found.push({ low, value: { name, value, about, flag: bits === 1, address: address ?? bits >= ADDRESS_BITS } });
  }
  for (let low = 0; rest !== 0n; low++, rest >>= 1n) {
    if ((rest & 1n) === 0n) continue;
    found.push({ low, value: { name: `bit${low}`, value: 1n, about: UNNAMED, flag: true, address: false } });
  }
  return found.sort((a, b) => b.low - a.low).map(({ value }) => value);
}

/** An entry less the address in it, which is the allocator's choice: bits without a name stay. */
export function withoutAddress(
  layouts: readonly EntryLayout[],
  level: string,
  kind: 'table' | 'leaf',
  entry: bigint,
): bigint {
  const names = decodeEntry(layouts, level, kind, entry).filter(({ address }) => address);
  return entry - encodeEntry(layouts, level, kind, Object.fromEntries(names.map(({ name, value }) => [name, value])));
}
