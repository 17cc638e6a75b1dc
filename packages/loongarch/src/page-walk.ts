import type { TableLevel } from '@vmemmap/core';

/** The page walk controllers, CSR.PWCL and CSR.PWCH. */
export interface PageWalkControllers {
  /** Value of CSR.PWCL, the lower levels. */
  readonly pwcl: number;
  /** Value of CSR.PWCH, the upper levels. */
  readonly pwch: number;
}

/** Where the start of a level goes in its register; the width goes right above it. */
interface Place {
  readonly register: keyof PageWalkControllers;
  readonly start: number;
  readonly width: number;
}

const PLACES: Readonly<Record<string, Place>> = {
  pte: { register: 'pwcl', start: 0, width: 5 },
  pmd: { register: 'pwcl', start: 10, width: 15 },
  pud: { register: 'pwcl', start: 20, width: 25 },
  pgd: { register: 'pwch', start: 0, width: 6 },
};

/** arch/loongarch/mm/tlb.c:setup_ptwalker: what the kernel tells the CPU about its levels. Folded ones have width 0. */
export function setupPtwalker(levels: readonly TableLevel[]): PageWalkControllers {
  const csr = { pwcl: 0, pwch: 0 };
  for (const { name, shift, indexBits } of levels) {
    const { register, start, width } = PLACES[name]!;
    csr[register] |= (shift << start) | (indexBits << width);
  }
  return csr;
}
