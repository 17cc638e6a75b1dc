import { type Errno, OK } from '../errno.ts';
import type { KernelEvent } from '../events.ts';
import type { OptimizeOutcome } from '../hugetlb/hugetlb-vmemmap.ts';
import type { Machine } from '../machine/machine.ts';
import type { MemmapCounters } from '../sparse/counters.ts';
import type { TraceStep } from '../trace.ts';

/** How many entries of each level, by the level's name. */
export type ByLevel = Readonly<Record<string, number>>;

/** What one step of a scenario did. */
export interface StepAccount {
  /** `boot`, or the operation. */
  readonly op: string;
  /** What the kernel returned. */
  readonly errno: Errno;
  /** Set when the kernel stopped here (BUG or panic): its words. Nothing ran after it. */
  readonly stopped?: string;
  /** Bytes of RAM `taken` from the allocators and `returned` to them. */
  readonly frames: { readonly taken: number; readonly returned: number };
  /** Pages taken from altmaps, less those given back. */
  readonly altmapPages: number;
  /** Page tables `made` and `freed`, by level. */
  readonly tables: { readonly made: ByLevel; readonly freed: ByLevel };
  /** Leaves `made` where nothing was, `present` already, `cleared`, split, and `remapped` to other memory. */
  readonly leaves: {
    readonly made: ByLevel;
    readonly present: ByLevel;
    readonly cleared: ByLevel;
    readonly split: ByLevel;
    readonly remapped: ByLevel;
  };
  /** Top-level entries copied to other address spaces. */
  readonly synced: number;
  /** TLB flushes, of whatever range. */
  readonly flushes: number;
  /** What the memmap counters changed by. */
  readonly counters: MemmapCounters;
  /** Events that were recorded. */
  readonly events: readonly KernelEvent[];
  /** What came of optimising HugeTLB pages. */
  readonly hugetlb?: OptimizeOutcome;
  /** HugeTLB pages that got their struct pages back. */
  readonly restored?: number;
}

type Tally = Record<string, number>;

/** What is counted from the start of a machine on. */
interface Totals {
  readonly free: number;
  readonly returned: number;
  readonly removed: number;
  readonly altmap: number;
  readonly events: number;
  readonly boot: number;
  readonly hot: number;
}

/** Watches a machine and tells, step by step, what it did. */
export class Accountant {
  #machine: Machine | undefined;
  readonly #tallies: Record<'made' | 'freed' | 'leaves' | 'present' | 'cleared' | 'split' | 'remapped', Tally> = {
    made: {},
    freed: {},
    leaves: {},
    present: {},
    cleared: {},
    split: {},
    remapped: {},
  };
  #synced = 0;
  #flushes = 0;
  #before: Totals = { free: 0, returned: 0, removed: 0, altmap: 0, events: 0, boot: 0, hot: 0 };

  /** Receives the machine's trace. */
  readonly trace = (step: TraceStep): void => {
    const { made, freed, leaves, present, cleared, split, remapped } = this.#tallies;
    switch (step.step) {
      case 'table':
        add(made, step.level, 1);
        break;
      case 'free-table':
        add(freed, step.level, 1);
        break;
      case 'leaves':
        add(leaves, step.level, step.count);
        break;
      case 'present':
        add(present, step.level, step.count);
        break;
      case 'clear':
        add(cleared, step.level, 1);
        break;
      case 'split':
        add(split, step.level, 1);
        break;
      case 'remap':
        add(remapped, step.level, step.count);
        break;
      case 'sync':
        this.#synced++;
        break;
      case 'flush-tlb':
        this.#flushes++;
        break;
      default:
    }
  };

  /** Begins a step of a machine. */
  begin(machine: Machine): void {
    this.#machine = machine;
    for (const tally of Object.values(this.#tallies)) for (const level of Object.keys(tally)) delete tally[level];
    this.#synced = 0;
    this.#flushes = 0;
    this.#before = this.#now(machine);
  }

  /** Ends the step. */
  end(op: string, errno: Errno = OK, more: Pick<StepAccount, 'hugetlb' | 'restored' | 'stopped'> = {}): StepAccount {
    const machine = this.#machine!;
    const before = this.#before;
    const after = this.#now(machine);
    const { made, freed, leaves, present, cleared, split, remapped } = this.#tallies;
    const returned = after.returned - before.returned;
    return {
      op,
      errno,
      ...more,
      frames: { taken: before.free - after.free + returned - (after.removed - before.removed), returned },
      altmapPages: after.altmap - before.altmap,
      tables: { made: { ...made }, freed: { ...freed } },
      leaves: {
        made: { ...leaves },
        present: { ...present },
        cleared: { ...cleared },
        split: { ...split },
        remapped: { ...remapped },
      },
      synced: this.#synced,
      flushes: this.#flushes,
      counters: { nr_memmap_pages: after.hot - before.hot, nr_memmap_boot_pages: after.boot - before.boot },
      events: machine.events.slice(before.events),
    };
  }

  #now(machine: Machine): Totals {
    const { ram, counters, events } = machine;
    return {
      free: ram.freeBytes(),
      returned: ram.returnedBytes,
      removed: ram.removedBytes,
      altmap: machine.altmapPages,
      events: events.length,
      boot: counters.nr_memmap_boot_pages,
      hot: counters.nr_memmap_pages,
    };
  }
}

function add(tally: Tally, level: string, count: number): void {
  tally[level] = (tally[level] ?? 0) + count;
}
