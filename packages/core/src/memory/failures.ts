/** Who is asked for memory. */
export type AllocationSource = 'memblock' | 'page-allocator' | 'altmap' | 'slab';

/** Which allocations are to fail. An allocation that meets every given condition counts for the rule. */
export interface FailureRule {
  /** Only allocations from this source. Small objects of the kernel (`slab`) fail only when they are asked for by name. */
  readonly source?: AllocationSource;
  /** Only allocations that ask for this node. */
  readonly node?: number;
  /** Only allocations of exactly 2^order pages. */
  readonly order?: number;
  /** The first matching allocation to fail, counted from 1. Default 1. */
  readonly nth?: number;
  /** How many fail from there on. Default 1; `Infinity` for all. */
  readonly times?: number;
}

/**
 * Makes chosen allocations fail, so that error paths can be walked.
 * While a rule is set allocators work block by block, so that every block is counted.
 */
export class FailureInjector {
  readonly #rules: { readonly rule: FailureRule; seen: number }[] = [];
  #attempts = 0;

  /** True while any rule is set. */
  get active(): boolean {
    return this.#rules.length > 0;
  }

  /** Allocations seen while a rule was set. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Rules that no allocation has met often enough to fail. */
  get unfired(): readonly FailureRule[] {
    return this.#rules.filter(({ rule, seen }) => seen < (rule.nth ?? 1)).map(({ rule }) => rule);
  }

  /** Sets a rule; its count starts now. */
  add(rule: FailureRule): void {
    this.#rules.push({ rule, seen: 0 });
  }

  /** Takes all rules back. */
  clear(): void {
    this.#rules.length = 0;
  }

  /** Asked by allocators for each block while {@link active}. */
  fails(source: AllocationSource, node: number, order: number): boolean {
    this.#attempts++;
    let fails = false;
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.source !== source && (rule.source !== undefined || source === 'slab')) continue;
      if (rule.node !== undefined && rule.node !== node) continue;
      if (rule.order !== undefined && rule.order !== order) continue;
      entry.seen++;
      const nth = rule.nth ?? 1;
      if (entry.seen >= nth && entry.seen < nth + (rule.times ?? 1)) fails = true;
    }
    return fails;
  }
}
