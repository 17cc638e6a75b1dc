/** What a stretch of physical addresses is taken for. */
export type ResourceName = 'System RAM' | 'device';

interface Resource {
  readonly name: ResourceName;
  readonly start: number;
  readonly end: number;
}

/** iomem_resource (kernel/resource.c), as far as adding memory asks it: who has which physical addresses. */
export class ResourceTree {
  readonly #resources: Resource[];

  constructor(ram: readonly { readonly start: number; readonly end: number }[]) {
    this.#resources = ram.map(({ start, end }) => ({ name: 'System RAM', start, end }));
  }

  /** request_resource_conflict(): takes `[start, end)`. False, and nothing is taken, where a part is somebody's already. */
  add(name: ResourceName, start: number, end: number): boolean {
    if (!this.isFree(start, end)) return false;
    this.#resources.push({ name, start, end });
    return true;
  }

  /** release_mem_region_adjustable(): gives `[start, end)` back, out of the middle of a resource too. */
  remove(start: number, end: number): void {
    for (let n = this.#resources.length - 1; n >= 0; n--) {
      const resource = this.#resources[n]!;
      if (resource.end <= start || end <= resource.start) continue;
      const rest = [
        { ...resource, end: Math.min(resource.end, start) },
        { ...resource, start: Math.max(resource.start, end) },
      ];
      this.#resources.splice(n, 1, ...rest.filter((part) => part.start < part.end));
    }
  }

  /** Whether nobody has any of `[start, end)`. */
  isFree(start: number, end: number): boolean {
    return !this.#resources.some((other) => other.start < end && start < other.end);
  }

  /** region_intersects(): whether `[start, end)` lies in resources of a name, in part or as a whole. */
  intersects(name: ResourceName, start: number, end: number): 'disjoint' | 'mixed' | 'all' {
    const inside = this.#resources
      .filter((resource) => resource.name === name)
      .reduce((sum, other) => sum + Math.max(0, Math.min(end, other.end) - Math.max(start, other.start)), 0);
    if (inside === 0) return 'disjoint';
    return inside === end - start ? 'all' : 'mixed';
  }

  /** The resource at an address. */
  at(address: number): ResourceName | undefined {
    return this.#resources.find(({ start, end }) => start <= address && address < end)?.name;
  }
}
