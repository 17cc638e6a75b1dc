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

/** The fields of an entry that are not zero, highest bits first. */
export function decodeEntry(
  layouts: readonly EntryLayout[],
  level: string,
  kind: 'table' | 'leaf',
  entry: bigint,
): readonly EntryFieldValue[] {
  const layout = layouts.find((candidate) => candidate.kind === kind && candidate.levels.includes(level));
  const found: EntryFieldValue[] = [];
  for (const { name, low, high, about } of layout?.fields ?? []) {
    const value = BigInt.asUintN(high - low + 1, entry >> BigInt(low));
    if (value !== 0n) found.push({ name, value, about, flag: high === low });
  }
  return found;
}
