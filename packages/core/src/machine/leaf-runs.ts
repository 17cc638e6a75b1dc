import { translation } from '../contract/translation.ts';
import type { VmemmapWalker } from '../contract/walker.ts';
import { VmemmapError } from '../errors.ts';
import type { MemoryMap } from '../memory/memory-map.ts';

/** Leaves one after the other that differ by a constant step only. */
export interface LeafRun {
  /** Offset of the first into the vmemmap window, in bytes. */
  readonly offset: number;
  /** Physical address of the first. */
  readonly pa: number;
  /** Bytes of one leaf. */
  readonly size: number;
  /** Level of the entry, 0 is the root. */
  readonly level: number;
  /** How many leaves. */
  readonly count: number;
  /** From one leaf's physical address to the next; 0 when there is one only, or when all map the same memory. */
  readonly paStep: number;
  /** The entry without its address, low and high lane. */
  readonly flagsLo: number;
  /** The entry without its address bits, high lane. */
  readonly flagsHi: number;
  /** ACCESS bits. */
  readonly access: number;
  /** Node of the memory; -1 outside of boot RAM. */
  readonly node: number;
}

/** Walks `[start, end)` of the window leaf by leaf and yields runs, in order. Holes are passed over. */
export function* leafRuns(
  walker: VmemmapWalker,
  root: number,
  memory: Pick<MemoryMap, 'nodeOf'>,
  start: number,
  end: number,
  onLeaf?: (offset: number) => void,
): Generator<LeafRun> {
  const at = translation();
  let run: { -readonly [K in keyof LeafRun]: LeafRun[K] } | undefined;
  let offset = start;
  while (offset < end) {
    walker.walk(root, offset, at);
    if (!(at.span > at.inside))
      throw new VmemmapError(
        'BAD_PLUGIN',
        `the walker says that offset ${offset} lies ${at.inside} bytes into ${at.span}`,
      );
    onLeaf?.(offset);
    if (!at.mapped) {
      // A hole ends where its entry does.
      offset += at.span - at.inside;
      continue;
    }
    const pa = at.pa - at.inside;
    const first = offset - at.inside;
    offset = first + at.span;
    const node = memory.nodeOf(pa);
    if (
      run !== undefined &&
      run.size === at.span &&
      run.level === at.level &&
      run.flagsLo === at.flagsLo &&
      run.flagsHi === at.flagsHi &&
      run.access === at.access &&
      run.node === node &&
      first === run.offset + run.count * run.size &&
      (run.count === 1 || pa === run.pa + run.count * run.paStep)
    ) {
      if (run.count === 1) run.paStep = pa - run.pa;
      run.count++;
      continue;
    }
    if (run !== undefined) yield run;
    run = {
      offset: first,
      pa,
      size: at.span,
      level: at.level,
      count: 1,
      paStep: 0,
      flagsLo: at.flagsLo | 0,
      flagsHi: at.flagsHi | 0,
      access: at.access,
      node,
    };
  }
  if (run !== undefined) yield run;
}
