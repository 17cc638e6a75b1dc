/** One level of a page table. */
export interface TableLevel {
  /** The kernel's name: pgd, p4d, pud, pmd, pte. */
  readonly name: string;
  /** log2 of the bytes one entry stands for. */
  readonly shift: number;
  /** log2 of the number of entries. */
  readonly indexBits: number;
}

/** A 64-bit entry in two signed 32-bit lanes. Filled in place. */
export interface Entry {
  /** Bits 31:0. */
  lo: number;
  /** Bits 63:32. */
  hi: number;
}

/**
 * How an architecture's code writes and reads back its own entries: the kernel's p?d_populate(), pfn_pte(),
 * p?d_none(), p?d_leaf(), pte_pfn() and the like. `level` counts from the root, 0; folded levels are left out. Lanes that
 * come in are signed.
 *
 * Within an aligned 4 GiB of physical memory the low lane of a leaf must grow linearly with the address and the high
 * lane must stay the same; runs of leaves are written that way.
 */
export interface PageTableFormat {
  /** Root first. */
  readonly levels: readonly TableLevel[];
  /** Level whose entries can be huge pages of the vmemmap (PMD). */
  readonly pmdLevel: number;
  /** Entry at `level` that points to the table at `pa`. */
  makeTable(level: number, pa: number, out: Entry): void;
  /** Leaf at `level` that maps `pa` with PAGE_KERNEL. */
  makeLeaf(level: number, pa: number, out: Entry): void;
  /**
   * The same leaf with PAGE_KERNEL_RO: the shared tail pages of HugeTLB. Default: {@link makeLeaf}, as on architectures that
   * do not define PAGE_KERNEL_RO (include/linux/pgtable.h).
   */
  makeReadOnlyLeaf?(level: number, pa: number, out: Entry): void;
  /** ptep_set_wrprotect() on a leaf of base pages. Capability `hugetlb-vmemmap-preinit`. */
  writeProtect?(lo: number, hi: number, out: Entry): void;
  /** p?d_none(): nothing is there. */
  isNone(level: number, lo: number, hi: number): boolean;
  /** p?d_leaf(), and true at the last level. */
  isLeaf(level: number, lo: number, hi: number): boolean;
  /** Physical address of the table an entry points to. */
  tableAddress(level: number, lo: number, hi: number): number;
  /** Physical address a leaf maps. */
  leafAddress(level: number, lo: number, hi: number): number;
  /** Entry of a table when nothing is there yet, where that is not zero (pud_init, pmd_init, kernel_pte_init). */
  emptyEntry?(level: number, out: Entry): void;
}
