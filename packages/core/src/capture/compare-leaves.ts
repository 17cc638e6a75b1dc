import { hex, hex64, toU64 } from '../bits.ts';
import { entryText } from '../contract/entry-text.ts';
import type { LeafRun } from '../machine/leaf-runs.ts';
import type { Machine } from '../machine/machine.ts';
import { ENTRY_KIND, entryReading } from '../pagetable/table-walker.ts';
import { type Differences, MOST_MORE } from './difference.ts';
import type { CaptureExpected } from './format.ts';
import type { Outside } from './outside.ts';

/** One leaf, of either side. */
interface Leaf {
  readonly va: bigint;
  readonly pa: number;
  readonly size: number;
  readonly level: string;
  /** The entry without its address; null where there is no entry in memory to read. */
  readonly flags: bigint | null;
}

/**
 * Compares every leaf: address, size, level, all flag bits, the node of its memory, and which leaves share a frame.
 * Where in RAM a frame lies is the allocator's choice and no difference.
 * @returns how many leaves were compared
 */
export function compareLeaves(
  machine: Machine,
  expected: CaptureExpected,
  outside: Outside,
  differences: Differences,
): number {
  const ours = [...modelLeaves(machine, outside)];
  const theirs = [...expectedLeaves(machine, expected, outside, ours.length + MOST_MORE, differences)];
  checkBlocks(machine, theirs, expected, differences);
  const frames = new FrameClasses(differences);
  const blocks = new SplitBlocks(machine, differences);
  let compared = 0;
  let at = 0;
  for (const leaf of theirs) {
    for (; at < ours.length && ours[at]!.va < leaf.va; at++)
      differences.add('leaf', hex64(ours[at]!.va), 'not mapped', leafText(machine, ours[at]!));
    const mine = ours[at];
    if (mine === undefined || mine.va !== leaf.va) {
      differences.add('leaf', hex64(leaf.va), leafText(machine, leaf), 'not mapped');
      continue;
    }
    at++;
    compared++;
    if (mine.size !== leaf.size || mine.level !== leaf.level || (leaf.flags !== null && mine.flags !== leaf.flags)) {
      differences.add('leaf', hex64(leaf.va), leafText(machine, leaf), leafText(machine, mine));
    }
    const node = machine.memory.nodeOf(leaf.pa);
    const mineNode = machine.memory.nodeOf(mine.pa);
    if (node !== mineNode)
      differences.add(
        'leaf',
        `${hex64(leaf.va)}: node of its memory`,
        nodeText(node, leaf.pa),
        nodeText(mineNode, mine.pa),
      );
    // Outside of RAM there is no allocator with a choice: an altmap's addresses follow from the steps.
    else if (node < 0)
      differences.compare('leaf', `${hex64(leaf.va)}: address in device memory`, hex(leaf.pa), hex(mine.pa));
    frames.compare(leaf, mine);
    blocks.compare(leaf, mine);
  }
  for (; at < ours.length; at++)
    differences.add('leaf', hex64(ours[at]!.va), 'not mapped', leafText(machine, ours[at]!));
  return compared;
}

function leafText(machine: Machine, { size, level, flags }: Leaf): string {
  const entry = flags === null ? '' : ` ${entryText(machine.arch.entryLayouts, level, 'leaf', flags)}`;
  return `${level} leaf of ${hex(size)} bytes${entry}`;
}

function nodeText(node: number, pa: number): string {
  return node < 0 ? `${hex(pa)}, not in boot memory` : `${hex(pa)} on node ${node}`;
}

function* modelLeaves(machine: Machine, outside: Outside): Generator<Leaf> {
  const levels = machine.levels.map(({ name }) => name);
  for (const run of machine.leaves()) {
    const level = levels[run.level] ?? '';
    for (let n = 0; n < run.count; n++) {
      const va = BigInt.asUintN(64, machine.window.start + BigInt(run.offset + n * run.size));
      if (!outside.isBelow(level, va))
        yield { va, pa: run.pa + n * run.paStep, size: run.size, level, flags: flagsOf(run) };
    }
  }
}

function flagsOf(run: LeafRun): bigint {
  return toU64(run.flagsLo, run.flagsHi);
}

// The capture's leaves one by one; what it says of a run twice (pa and firstRaw, rawFlags and firstRaw) must agree.
function* expectedLeaves(
  machine: Machine,
  expected: CaptureExpected,
  outside: Outside,
  most: number,
  differences: Differences,
): Generator<Leaf> {
  const reading = entryReading();
  const levels = machine.levels.map(({ name }) => name);
  let end = 0n;
  let listed = 0;
  for (const { va, pa, leafSize, level, count, paStep, rawFlags, firstRaw } of expected.leaves) {
    // Where there are no tables, levels have no names.
    const name = levels.length === 0 ? '' : (level ?? '');
    if (va < end)
      differences.add('capture', hex64(va), 'runs in order, without overlap', `the run before ends at ${hex64(end)}`);
    end = va + BigInt(count) * BigInt(leafSize);
    if (firstRaw !== null && firstRaw !== undefined && rawFlags !== null && rawFlags !== undefined) {
      machine.ops.walker.readEntry?.(
        levels.indexOf(name),
        Number(BigInt.asIntN(32, firstRaw)),
        Number(BigInt.asIntN(32, firstRaw >> 32n)),
        reading,
      );
      const text = entryText(machine.arch.entryLayouts, name, 'leaf', firstRaw);
      if (reading.kind !== ENTRY_KIND.leaf)
        differences.add(
          'leaf',
          `${hex64(va)}: the capture's entry`,
          'a leaf',
          `${text}: ${reading.fault || 'no leaf'}`,
        );
      else {
        differences.compare(
          'leaf',
          `${hex64(va)}: address in the capture's entry ${text}`,
          hex(pa),
          hex(reading.address),
        );
        differences.compare(
          'leaf',
          `${hex64(va)}: flags of the capture's entry ${text}`,
          hex64(rawFlags),
          hex64(toU64(reading.flagsLo, reading.flagsHi)),
        );
      }
    }
    for (let n = 0; n < count; n++) {
      if (++listed > most) {
        differences.add('leaf', 'number of leaves', `more than ${most}`, 'fewer in the model');
        return;
      }
      const at = va + BigInt(n) * BigInt(leafSize);
      if (outside.isBelow(name, at)) continue;
      yield { va: at, pa: pa + n * Number(paStep ?? 0n), size: leafSize, level: name, flags: rawFlags ?? null };
    }
  }
}

// Frames of the capture: whole blocks of RAM, and no two of them overlap, tables among them.
function checkBlocks(
  machine: Machine,
  leaves: readonly Leaf[],
  expected: CaptureExpected,
  differences: Differences,
): void {
  const blocks = new Map<number, { readonly size: number; readonly what: string }>();
  const put = (pa: number, size: number, what: string): void => {
    const other = blocks.get(pa);
    if (other !== undefined && (other.size !== size || other.what !== what))
      differences.add('frame', hex(pa), other.what, `${what} too, in the capture`);
    blocks.set(pa, { size, what });
  };
  for (const { pa, size } of leaves) {
    put(pa, size, `a leaf of ${hex(size)} bytes`);
    if (pa % size !== 0) differences.add('frame', hex(pa), `a multiple of ${hex(size)}`, 'not aligned in the capture');
  }
  const bytes = new Map(machine.levels.map((level) => [level.name, level.bytes]));
  for (const { level, pa } of expected.tables) put(pa, bytes.get(level) ?? 1, `a ${level} table`);
  let last: { readonly pa: number; readonly size: number; readonly what: string } | undefined;
  for (const [pa, block] of [...blocks].sort(([a], [b]) => a - b)) {
    if (last !== undefined && pa < last.pa + last.size)
      differences.add(
        'frame',
        hex(pa),
        `${last.what} at ${hex(last.pa)}`,
        `${block.what} inside of it, in the capture`,
      );
    last = { pa, ...block };
  }
}

/** Two leaves of the model share a frame exactly where the same two of the capture do. */
class FrameClasses {
  readonly #toOurs = new Map<number, number>();
  readonly #toTheirs = new Map<number, number>();
  readonly #differences: Differences;

  constructor(differences: Differences) {
    this.#differences = differences;
  }

  compare(theirs: Leaf, ours: Leaf): void {
    const known = this.#toOurs.get(theirs.pa);
    const back = this.#toTheirs.get(ours.pa);
    if (known !== undefined && known !== ours.pa)
      this.#report(theirs, `shared with an earlier leaf (${hex(theirs.pa)})`, 'a frame of its own');
    else if (back !== undefined && back !== theirs.pa)
      this.#report(theirs, 'a frame of its own', `shared with an earlier leaf (${hex(ours.pa)})`);
    this.#toOurs.set(theirs.pa, ours.pa);
    this.#toTheirs.set(ours.pa, theirs.pa);
  }

  #report(leaf: Leaf, expected: string, found: string): void {
    this.#differences.add('frame', `${hex64(leaf.va)}: frame`, expected, found);
  }
}

/** Base pages of a leaf that was split, as far as they were not mapped anew, are still the one block that it was. */
class SplitBlocks {
  readonly #machine: Machine;
  readonly #differences: Differences;
  readonly #blocks = new Map<number, number>();

  constructor(machine: Machine, differences: Differences) {
    this.#machine = machine;
    this.#differences = differences;
  }

  compare(theirs: Leaf, ours: Leaf): void {
    const offset = Number(BigInt.asIntN(64, ours.va - this.#machine.window.start));
    const first = this.#machine.hugetlb.splitBlock(offset);
    if (first === undefined) return;
    const block = theirs.pa - (offset - first);
    const known = this.#blocks.get(first);
    if (known === undefined) this.#blocks.set(first, block);
    else if (known !== block)
      this.#differences.add(
        'frame',
        `${hex64(theirs.va)}: part of a leaf that was split`,
        `${hex(theirs.pa)}, not in the block at ${hex(known)}`,
        'one block',
      );
  }
}
