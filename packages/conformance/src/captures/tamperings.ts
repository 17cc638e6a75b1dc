// A capture's JSON before it is read: changed in place, wherever.
// biome-ignore lint/suspicious/noExplicitAny: it has no type before it is checked
type Json = any;

/** One way to make a capture wrong. */
export interface Tampering {
  /** One of many of its kind: worth doing in small captures only. */
  readonly fine?: boolean;
  /** What is wrong then, for a message. */
  readonly what: string;
  /** @returns false when there is nothing of the kind in this capture */
  change(capture: Json): boolean;
}

const hex = (value: bigint): string => (value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);
const u64 = (value: bigint): string => hex(BigInt.asUintN(64, value));

/** Changes a hex value in place; false when it is not there. */
function edit(object: Json, key: string, change: (value: bigint) => bigint): boolean {
  const text = object?.[key];
  if (typeof text !== 'string') return false;
  object[key] = u64(change(text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)));
  return true;
}

/** Adds to a number in place. */
function add(object: Json, key: string, by: number): boolean {
  object[key] += by;
  return true;
}

const run = (what: string, change: (leaves: Json, capture: Json) => boolean): Tampering => ({
  what,
  change: (capture) => capture.expected.leaves.length > 0 && change(capture.expected.leaves.at(-1), capture),
});

/** A run of table entries that the capture does not mark as made by something else. */
function entries(capture: Json): Json | undefined {
  const { tables, outside } = capture.expected;
  for (const table of [...tables].reverse()) {
    for (const entry of table.entries) {
      const marked = outside.some(
        (mark: Json) =>
          mark.table === table.level &&
          BigInt(mark.tableVa) === BigInt(table.va) &&
          mark.index >= entry.index &&
          mark.index < entry.index + entry.count,
      );
      if (!marked) return entry;
    }
  }
  return undefined;
}

const entry = (what: string, change: (entry: Json, capture: Json) => boolean): Tampering => ({
  what,
  change: (capture) => {
    const found = entries(capture);
    return found !== undefined && change(found, capture);
  },
});

/** A table that the memmap code made, as far as the capture marks others. */
const table = (what: string, change: (tables: Json[], at: number) => void): Tampering => ({
  what,
  change: ({ expected: { tables, outside } }) => {
    const subtree = outside.some((mark: Json) => mark.what === 'subtree');
    // The last table may belong to what lies outside; the root never does.
    const at = subtree ? 0 : tables.length - 1;
    if (tables.length === 0) return false;
    change(tables, at);
    return true;
  },
});

const section = (what: string, change: (run: Json) => boolean): Tampering => ({
  what,
  change: (capture) => change(capture.expected.sections.at(-1)),
});

const list = (what: string, change: (list: Json) => boolean): Tampering => ({
  what,
  change: ({ expected: { vmemmapList } }) => Array.isArray(vmemmapList) && change(vmemmapList),
});

const counter = (name: string): Tampering => ({
  what: `${name}`,
  change: ({ expected: { counters } }) => {
    return counters !== undefined && counters !== null && add(counters, name, 1);
  },
});

const everyBit = (tampering: (bit: bigint) => Tampering): readonly Tampering[] =>
  Array.from({ length: 64 }, (_, bit) => ({ ...tampering(BigInt(bit)), fine: true }));

/** Ways to make a capture wrong, each of which a comparison must see wherever it applies. */
export const tamperings: readonly Tampering[] = [
  { what: 'the vmemmap base', change: ({ expected }) => edit(expected, 'vmemmapBase', (base) => base + 64n) },
  { what: "the window's start", change: ({ expected: { vmemmapWindow: w } }) => edit(w, 'start', (at) => at - 1n) },
  { what: "the window's end", change: ({ expected: { vmemmapWindow: w } }) => edit(w, 'end', (at) => at + 1n) },
  {
    what: 'the levels',
    change: ({ expected: { levels } }) => levels.length > 0 && add(levels[0], 'indexBits', 1),
  },
  run('a leaf too few', (leaves, { expected }) =>
    leaves.count > 1 ? add(leaves, 'count', -1) : !!expected.leaves.pop(),
  ),
  run('a leaf too many', (leaves) => add(leaves, 'count', 1)),
  run('a leaf elsewhere', (leaves) => edit(leaves, 'va', (va) => va + BigInt(leaves.leafSize))),
  run('the size of leaves', (leaves) => edit(leaves, 'leafSize', (size) => size * 2n)),
  run('two leaves on one frame', (leaves) => leaves.count > 1 && edit(leaves, 'paStep', () => 0n)),
  run('a leaf outside of RAM', (leaves) => edit(leaves, 'pa', (pa) => pa + (1n << 51n))),
  ...everyBit((bit) =>
    run(`bit ${bit} of the flags of leaves`, (leaves) => edit(leaves, 'rawFlags', (flags) => flags ^ (1n << bit))),
  ),
  ...everyBit((bit) =>
    run(`bit ${bit} of the first leaf as it stands`, (leaves) => edit(leaves, 'firstRaw', (raw) => raw ^ (1n << bit))),
  ),
  ...everyBit((bit) =>
    entry(`bit ${bit} of a table entry`, (found) => edit(found, 'firstRaw', (raw) => raw ^ (1n << bit))),
  ),
  entry('the slot of a table entry', (found) => add(found, 'index', found.count)),
  entry('a table entry too few', (found) => add(found, 'count', -1)),
  entry('the kind of a table entry', (found) => {
    found.kind = found.kind === 'table' ? 'invalid' : 'table';
    return true;
  }),
  table('a table too few', (tables, at) => tables.splice(at, 1)),
  table('a table elsewhere', (tables, at) => edit(tables[at], 'va', (va) => va ^ (1n << 52n))),
  table('the part of a table that lies in the window', (tables, at) => add(tables[at], 'windowLastIndex', 1)),
  section('a section too few', (sections) => sections.count > 1 && add(sections, 'count', -1)),
  section('a section too many', (sections) => add(sections, 'count', 1)),
  section('a flag of a section', (sections) => edit(sections, 'raw', (raw) => raw ^ 8n)),
  section('the address in a section', (sections) => edit(sections, 'raw', (raw) => raw ^ (1n << 30n))),
  section('the name of a flag', (sections) => !!sections.flags.pop()),
  section('the first pfn of a section', (sections) => edit(sections, 'startPfn', (pfn) => pfn + 1n)),
  section('a subsection', (sections) => {
    if (typeof sections.subsectionMap !== 'string') return false;
    sections.subsectionMap = hex(BigInt(sections.subsectionMap) ^ 1n);
    return true;
  }),
  counter('nr_memmap_pages'),
  counter('nr_memmap_boot_pages'),
  list('an entry of vmemmap_list too few', (entries) => !!entries.pop()),
  list('the order of vmemmap_list', (entries) => entries.length > 1 && !!entries.reverse()),
  list('the memory of an entry of vmemmap_list', ([first]) => edit(first, 'phys', (phys) => phys + 0x1000n)),
  list('the place of a node of vmemmap_list', ([first]) => edit(first, 'node', (node) => node + 8n)),
];
