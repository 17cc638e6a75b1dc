import {
  type AddressSpace,
  type ArchPlugin,
  blockRun,
  definePlugin,
  ENOMEM,
  type Errno,
  type MemoryModel,
  OK,
  type PopulateContext,
  type Translation,
  translation,
  type VmemmapOps,
  type VmemmapWalker,
  type Walk,
} from '@vmemmap/core';

/** As powerpc with a hash table: 64 KiB pages, 16 MiB sections with 16 KiB of struct pages each. */
const MODEL: MemoryModel = {
  pageShift: 16,
  sectionSizeBits: 24,
  maxPhysmemBits: 46,
  structPageSize: 64,
  maxPageOrder: 8,
  bootGoal: 2 ** 52,
};
const BASE = 0xf000_0000_0000_0000n;
const BYTES = 2 ** 36;
/** One mapping holds the struct pages of 1024 sections. */
const UNIT = 2 ** 24;

class HashedOps implements VmemmapOps {
  readonly initMm: AddressSpace = { name: 'init_mm', root: 0 };
  readonly #m: PopulateContext;
  readonly walker: VmemmapWalker;
  readonly #units = new Map<number, number>();

  constructor(m: PopulateContext) {
    this.walker = new HashedWalker(this.#units);
    this.#m = m;
  }

  vmemmapPopulate(start: number, end: number, node: number): Errno {
    const run = blockRun();
    for (let unit = Math.floor(start / UNIT); unit * UNIT < end; unit++) {
      if (this.#units.has(unit)) continue;
      this.#m.allocBlocks(UNIT, node, undefined, 1, run);
      if (run.count === 0) return ENOMEM;
      this.#units.set(unit, run.pa);
    }
    return OK;
  }

  vmemmapFree(): void {}
}

/** Looks mappings up by number, as the hash table is. */
class HashedWalker implements VmemmapWalker {
  readonly #units: ReadonlyMap<number, number>;

  constructor(units: ReadonlyMap<number, number>) {
    this.#units = units;
  }

  walk(_root: number, offset: number, out: Translation): void {
    const pa = this.#units.get(Math.floor(offset / UNIT));
    out.span = UNIT;
    out.inside = offset % UNIT;
    out.mapped = pa !== undefined;
    out.fault = pa === undefined ? 'no entry in the hash table' : '';
    out.pa = pa === undefined ? 0 : pa + out.inside;
    out.access = 3;
  }

  translate(root: number, va: bigint): Walk {
    const result = translation();
    if (va < BASE || va >= BASE + BigInt(BYTES)) result.fault = 'not in the vmemmap';
    else this.walk(root, Number(va - BASE), result);
    return { result, steps: [] };
  }
}

/** No page tables, nothing freed, no altmap, one kind of mapping that many sections share. */
export const hashed: ArchPlugin<Record<never, never>> = definePlugin<Record<never, never>>({
  name: 'hashed',
  about: 'a made-up architecture without page tables',
  config: {},
  capabilities: [],
  create: () => ({
    name: 'hashed',
    config: {},
    model: MODEL,
    capabilities: [],
    entryLayouts: [],
    window: () => ({ base: BASE, start: BASE, end: BASE + BigInt(BYTES) }),
    attach: (m) => new HashedOps(m),
  }),
});
