import { hex, hex64, toU64 } from '../bits.ts';
import { entryText } from '../contract/entry-text.ts';
import { ACCESS } from '../contract/translation.ts';
import type { LeafRun } from '../machine/leaf-runs.ts';
import type { Machine } from '../machine/machine.ts';
import { type Changes, piecesText, Stretches } from './change.ts';

/** Compares every stretch of struct pages: whether and how it is mapped, with which rights, and who shares a frame. */
export function diffLeaves(a: Machine, b: Machine, changes: Changes): void {
  // Offsets are counted from the struct page of pfn 0, so that machines whose windows differ can be compared.
  const ours = new Cursor(a);
  const theirs = new Cursor(b);
  const mapping = new Stretches();
  const rights = new Stretches();
  const sharing = new Stretches();
  const partners = new Partners();
  for (let at = Math.min(ours.next, theirs.next); at < Infinity; ) {
    const x = ours.at(at);
    const y = theirs.at(at);
    const end = Math.min(ours.end, theirs.end);
    const size = Math.min(x?.size ?? Infinity, y?.size ?? Infinity);
    const count = Math.max(1, Math.ceil((end - at) / size));
    const from = leafText(a, x);
    const to = leafText(b, y);
    if (from !== to) {
      const one = x !== undefined && y !== undefined && x.size === y.size && x.access !== y.access ? rights : mapping;
      one.add(at, end, from, to, count);
    }
    if (x !== undefined && y !== undefined && x.size === y.size)
      diffFrames(at, end, ours, theirs, x, y, partners, sharing);
    at = end;
    if (ours.at(at) === undefined && theirs.at(at) === undefined) at = Math.min(ours.next, theirs.next);
  }
  addStretches(b, 'leaf', mapping, changes);
  addStretches(b, 'protection', rights, changes);
  addStretches(b, 'sharing', sharing, changes);
}

// Leaf by leaf: how many map the frame, and whether they are the same ones.
function diffFrames(
  start: number,
  end: number,
  ours: Cursor,
  theirs: Cursor,
  x: LeafRun,
  y: LeafRun,
  partners: Partners,
  sharing: Stretches,
): void {
  if (!ours.shares && !theirs.shares) return;
  for (let at = start; at < end; at += x.size) {
    const pa = ours.paAt(x, at);
    const other = theirs.paAt(y, at);
    const from = shareText(ours.users(pa));
    const to = shareText(theirs.users(other));
    if (from !== to) sharing.add(at, at + x.size, from, to, 1);
    else if (!partners.agree(pa, other)) sharing.add(at, at + x.size, `${from}, with others`, `${to}, with others`, 1);
  }
}

function shareText(users: number): string {
  return users === 1 ? 'a frame of its own' : `one frame for ${users} leaves`;
}

function addStretches(
  machine: Machine,
  part: 'leaf' | 'protection' | 'sharing',
  stretches: Stretches,
  changes: Changes,
): void {
  const { base } = machine.window;
  const { structPageSize } = machine.model;
  for (const stretch of stretches.all()) {
    const { start, end, from, to, count } = stretch;
    const pfns = `pfn ${hex(Math.max(0, Math.floor(start / structPageSize)))} to ${hex(Math.ceil(end / structPageSize) - 1)}`;
    const where = `${hex64(base + BigInt(start))} to ${hex64(base + BigInt(end))} (${pfns}${piecesText(stretch)})`;
    changes.add(part, where, from, to, count);
  }
}

function leafText(machine: Machine, run: LeafRun | undefined): string {
  if (run === undefined) return 'not mapped';
  const level = machine.levels[run.level]?.name ?? '';
  const flags =
    level === '' ? '' : ` ${entryText(machine.arch.entryLayouts, level, 'leaf', toU64(run.flagsLo, run.flagsHi))}`;
  const node = run.node < 0 ? 'in an altmap' : `on node ${run.node}`;
  return `${level} leaf of ${run.size} bytes${flags}, ${accessText(run.access)}, ${node}`.trimStart();
}

function accessText(access: number): string {
  return (access & ACCESS.write) === 0 ? 'read-only' : 'writable';
}

/** Walks the leaves of a machine by offset from the struct page of pfn 0. */
class Cursor {
  readonly #runs: readonly LeafRun[];
  readonly #zero: number;
  readonly #users = new Map<number, number>();
  /** Whether any frame is mapped more than once. */
  readonly shares: boolean;
  #index = 0;
  /** Where the run or the hole that {@link at} found ends. */
  end = 0;

  constructor(machine: Machine) {
    this.#runs = [...machine.leaves()];
    this.#zero = machine.offsetOfPage(0);
    // Without devices and optimised huge pages nothing is shared, and nothing has to be counted.
    this.shares = machine.devices.devices.length > 0 || machine.hugetlb.optimized.length > 0;
    if (!this.shares) return;
    for (const { pa, paStep, count } of this.#runs) {
      if (paStep === 0) this.#users.set(pa, (this.#users.get(pa) ?? 0) + count);
      else
        for (let n = 0; n < count; n++) this.#users.set(pa + n * paStep, (this.#users.get(pa + n * paStep) ?? 0) + 1);
    }
  }

  /** Where the current run begins, or the next one if that has been passed; Infinity at the end. */
  get next(): number {
    const run = this.#runs[this.#index];
    return run === undefined ? Infinity : run.offset - this.#zero;
  }

  /** The run at an offset not before the last one asked for. */
  at(offset: number): LeafRun | undefined {
    for (;;) {
      const run = this.#runs[this.#index];
      if (run === undefined) {
        this.end = Infinity;
        return undefined;
      }
      const start = run.offset - this.#zero;
      const end = start + run.count * run.size;
      if (offset >= end) {
        this.#index++;
        continue;
      }
      this.end = offset < start ? start : end;
      return offset < start ? undefined : run;
    }
  }

  /** The frame of the leaf at an offset in a run. */
  paAt({ offset, pa, size, paStep }: LeafRun, at: number): number {
    return pa + Math.floor((at + this.#zero - offset) / size) * paStep;
  }

  /** How many leaves map a frame. */
  users(pa: number): number {
    return this.#users.get(pa) ?? 1;
  }
}

/** Two leaves share a frame in one machine exactly where they do in the other. */
class Partners {
  readonly #to = new Map<number, number>();
  readonly #back = new Map<number, number>();

  agree(pa: number, other: number): boolean {
    const known = this.#to.get(pa);
    const back = this.#back.get(other);
    this.#to.set(pa, other);
    this.#back.set(other, pa);
    return (known === undefined || known === other) && (back === undefined || back === pa);
  }
}
