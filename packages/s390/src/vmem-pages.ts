import { altmapFree, type PopulateContext, type VmemAltmap } from '@vmemmap/core';
import type { S390Policies } from './policies.ts';

/** vmem_free_pages() and vmem_pte_free() (arch/s390/mm/vmem.c): where memory of leaves and tables goes. */
export class VmemPages {
  readonly #m: PopulateContext;
  readonly #policies: S390Policies;
  #slabIsAvailable = false;

  constructor(m: PopulateContext, policies: S390Policies) {
    this.#m = m;
    this.#policies = policies;
  }

  /** The page allocator serves from here on. */
  slabIsAvailable(): void {
    this.#slabIsAvailable = true;
  }

  /** Memory of a leaf. The altmap counts it as its own whatever its address. */
  freeLeaf(pa: number, size: number, altmap: VmemAltmap | undefined): void {
    if (altmap !== undefined) altmapFree(altmap, size / 2 ** this.#m.model.pageShift);
    else this.#free(pa, size, 'vmem_free_pages');
  }

  /** Memory of a table. Tables never come from an altmap. */
  freeTable(pa: number, size: number, where: 'vmem_free_pages' | 'vmem_pte_free'): void {
    this.#free(pa, size, where);
  }

  #free(pa: number, size: number, where: string): void {
    // Memblock gets nothing back: 6.12 returns early, and since then the page goes to an allocator that does not work yet.
    if (!this.#slabIsAvailable) return;
    if (!this.#policies.freesBootMemory && this.#m.isReserved(pa)) {
      this.#m.events.record(
        'WARN_ON_ONCE',
        `${where}-reserved`,
        `arch/s390/mm/vmem.c:${where}`,
        () => `PageReserved(virt_to_page(0x${pa.toString(16)}))`,
      );
      return;
    }
    this.#m.freePages(pa, size);
  }
}
