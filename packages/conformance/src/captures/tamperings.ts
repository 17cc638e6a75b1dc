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

const signed = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text));

/** Changes a hex value in place; false when it is not there. */
function edit(object: Json, key: string, change: (value: bigint) => bigint): boolean {
  const text = object?.[key];
  if (typeof text !== 'string') return false;
  object[key] = u64(change(signed(text)));
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

/** The last run of leaves that is of some kind. */
const runOf = (
  what: string,
  isOf: (leaves: Json, capture: Json) => boolean,
  change: (leaves: Json, capture: Json) => boolean,
): Tampering => ({
  what,
  change: (capture) => {
    const leaves = capture.expected.leaves.findLast((candidate: Json) => isOf(candidate, capture));
    return leaves !== undefined && change(leaves, capture);
  },
});

/** Whether a run of leaves maps one frame again and again. */
function isShared({ count, paStep }: Json): boolean {
  return count > 1 && signed(paStep) === 0n;
}

/** Whether a run of leaves lies in memory that was there at boot. */
function inBootMemory({ pa }: Json, { machine: { memory } }: Json): boolean {
  return memory.some(({ start, end }: Json) => BigInt(pa) >= BigInt(start) && BigInt(pa) < BigInt(end));
}

/** A base page on the node of `near` that the capture lists nothing at. */
function freeFrame({ machine: { memory, pageSize }, expected: { leaves, tables } }: Json, near: string): string {
  const used = new Set<number>();
  for (const { pa, count, leafSize, paStep = '0x0' } of leaves) {
    const step = Number(signed(paStep));
    for (let n = 0; n < count; n++)
      for (let at = 0; at < Number(leafSize); at += pageSize) used.add(Number(pa) + n * step + at);
  }
  // Tables of several pages, too.
  for (const { pa } of tables)
    for (let n = 0; n < 4; n++) used.add(Number(pa) - (Number(pa) % pageSize) + n * pageSize);
  const range = memory.find(({ start, end }: Json) => Number(near) >= Number(start) && Number(near) < Number(end));
  let frame = Number(range.end) - pageSize;
  while (used.has(frame)) frame -= pageSize;
  return hex(BigInt(frame));
}

/** The same frames, the last first. */
function turnRound(leaves: Json): boolean {
  const { pa, paStep, count } = leaves;
  const step = signed(paStep);
  leaves.pa = hex(BigInt(pa) + BigInt(count - 1) * step);
  leaves.paStep = hex(-step);
  leaves.firstRaw = null;
  return true;
}

const hasFramesOfItsOwn = ({ count, paStep }: Json): boolean => count > 1 && signed(paStep) !== 0n;

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

/** A flag that a section should not have lost. */
const sectionWith = (flag: string, bit: bigint): Tampering => ({
  what: `${flag} of a section`,
  change: ({ expected: { sections } }) => {
    const marked = sections.find(({ flags }: Json) => flags.includes(flag));
    if (marked === undefined) return false;
    marked.flags = marked.flags.filter((name: string) => name !== flag);
    return edit(marked, 'raw', (raw) => raw & ~bit);
  },
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

const isBasePage = ({ leafSize }: Json, { machine }: Json): boolean => Number(leafSize) === machine.pageSize;

/** Which leaves share a frame, and where frames lie as far as that follows from the steps. */
const sharing: readonly Tampering[] = [
  runOf('a frame of its own for one of those that share', isShared, (leaves, capture) => {
    const { leaves: all, summary } = capture.expected;
    leaves.count--;
    const { count, va, leafSize } = leaves;
    const alone = { ...leaves, count: 1, va: u64(BigInt(va) + BigInt(count) * BigInt(leafSize)), firstRaw: null };
    alone.pa = freeFrame(capture, leaves.pa);
    delete alone.paStep;
    if (count === 1) delete leaves.paStep;
    all.splice(all.indexOf(leaves) + 1, 0, alone);
    if (summary) summary.distinctLeafPas++;
    return true;
  }),
  runOf('one frame for two that share with others', isShared, (leaves, { expected: { leaves: all, summary } }) => {
    const other = all.find((candidate: Json) => isShared(candidate) && candidate.pa !== leaves.pa);
    if (other === undefined) return false;
    // Others may use the frame that is left, too.
    const uses = all.filter(({ pa }: Json) => pa === leaves.pa).length;
    leaves.pa = other.pa;
    leaves.firstRaw = null;
    if (summary && uses === 1) summary.distinctLeafPas--;
    return true;
  }),
  runOf(
    'the order of frames in device memory',
    (leaves, capture) => leaves.count > 1 && !inBootMemory(leaves, capture),
    turnRound,
  ),
  runOf(
    'the place of a frame in device memory',
    (leaves, capture) => !inBootMemory(leaves, capture),
    (leaves) => {
      leaves.firstRaw = null;
      return edit(leaves, 'pa', (pa) => pa + BigInt(leaves.count) * BigInt(leaves.leafSize));
    },
  ),
  runOf(
    'the order of pages in what is left of a leaf that was split',
    (leaves, capture) =>
      capture.steps.some(({ op, inert }: Json) => op === 'hugetlb-optimize' && inert !== true) &&
      isBasePage(leaves, capture) &&
      leaves.count >= 16 &&
      leaves.paStep === leaves.leafSize,
    turnRound,
  ),
  runOf('the rights of a leaf', isShared, (leaves, { expected: { leaves: all } }) => {
    const other = all.find(({ level, rawFlags }: Json) => level === leaves.level && rawFlags !== leaves.rawFlags);
    if (other === undefined) return false;
    leaves.rawFlags = other.rawFlags;
    leaves.firstRaw = null;
    return true;
  }),
];

/** What steps came to. */
const steps: readonly Tampering[] = [
  {
    what: 'a step that failed',
    change: ({ expected: { stepResults } }) => Array.isArray(stepResults) && stepResults.pop() !== undefined,
  },
  {
    what: 'the errno of a step',
    change: ({ expected: { stepResults } }) => {
      const failed = stepResults?.at(-1);
      if (failed === undefined) return false;
      failed.error = failed.error === 'EEXIST' ? 'EINVAL' : 'EEXIST';
      return true;
    },
  },
  {
    what: 'a step that did not fail',
    change: ({ steps: all, expected }) => {
      const results = expected.stepResults ?? [];
      const step = all.findIndex((_: Json, index: number) => !results.some((failed: Json) => failed.step === index));
      if (step < 0) return false;
      expected.stepResults = [...results, { step, error: 'ENOMEM' }];
      return true;
    },
  },
  {
    what: 'a failed step that there is not',
    change: ({ steps: all, expected }) => {
      expected.stepResults = [...(expected.stepResults ?? []), { step: all.length, error: 'ENOMEM' }];
      return true;
    },
  },
  {
    what: 'whether huge pages can be optimised',
    change: ({ steps: all }) => {
      const step = all.findLast(({ op }: Json) => op === 'hugetlb-optimize');
      if (step === undefined) return false;
      step.inert = step.inert !== true;
      return true;
    },
  },
];

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
  runOf('two leaves on one frame', hasFramesOfItsOwn, (leaves) => edit(leaves, 'paStep', () => 0n)),
  ...sharing,
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
  section('a flag more, with its name', (sections) => {
    // SECTION_TAINT_ZONE_DEVICE: bit 4 on every architecture.
    sections.flags = sections.flags.filter((name: string) => name !== 'TAINT_ZONE_DEVICE');
    const had = (BigInt(sections.raw) & 0x10n) !== 0n;
    if (!had)
      sections.flags.splice(
        sections.flags.includes('VMEMMAP_PREINIT') ? -1 : Number.MAX_SAFE_INTEGER,
        0,
        'TAINT_ZONE_DEVICE',
      );
    return edit(sections, 'raw', (raw) => raw ^ 0x10n);
  }),
  sectionWith('TAINT_ZONE_DEVICE', 0x10n),
  sectionWith('VMEMMAP_PREINIT', 0x20n),
  {
    what: 'a subsection of a section that is there in part',
    change: ({ expected: { sections } }) => {
      const part = sections.find(({ subsectionMap: map }: Json) => typeof map === 'string' && /[^0xf]/.test(map));
      return part !== undefined && edit(part, 'subsectionMap', (map) => map & (map - 1n));
    },
  },
  section('a subsection', (sections) => {
    if (typeof sections.subsectionMap !== 'string') return false;
    sections.subsectionMap = hex(BigInt(sections.subsectionMap) ^ 1n);
    return true;
  }),
  counter('nr_memmap_pages'),
  counter('nr_memmap_boot_pages'),
  ...steps,
  list('an entry of vmemmap_list too few', (entries) => !!entries.pop()),
  list('the order of vmemmap_list', (entries) => entries.length > 1 && !!entries.reverse()),
  list('the memory of an entry of vmemmap_list', ([first]) => edit(first, 'phys', (phys) => phys + 0x1000n)),
  list('the place of a node of vmemmap_list', ([first]) => edit(first, 'node', (node) => node + 8n)),
];
