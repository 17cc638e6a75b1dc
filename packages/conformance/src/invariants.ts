/** What must hold of the vmemmap of any memory map, and the clauses that a plugin fails that breaks it. */
export interface Invariant {
  /** A sentence without a full stop. */
  readonly holds: string;
  /** Ids. Empty where no plugin can break it. */
  readonly clauses: readonly string[];
  /** Why no plugin can break it. */
  readonly because?: string;
}

/** All of them, in the order a memmap lives: mapped, backed, freed, shared, seen, counted. */
export const invariants: readonly Invariant[] = [
  {
    holds: 'every struct page of a valid section or subsection is mapped to one page',
    clauses: ['MAP-1', 'MAP-7', 'MAP-8', 'LIFE-1', 'LIFE-3'],
  },
  { holds: 'a leaf is aligned, so that struct pages lie in it as the hardware expects', clauses: ['MAP-2'] },
  { holds: 'an entry holds any physical address, and no bit that nobody knows', clauses: ['TAB-4', 'TAB-7', 'TAB-8'] },
  { holds: "struct pages are the kernel's to read and write, and not executable", clauses: ['MAP-3', 'MAP-4'] },
  {
    holds: 'distinct struct pages share no memory, but for tails of compounds',
    clauses: ['MAP-5', 'DAX-1', 'DAX-2', 'HVO-1', 'HVO-3'],
  },
  { holds: 'struct pages lie in RAM in use, or in the altmap', clauses: ['ALLOC-1', 'ALT-1', 'LIFE-4'] },
  {
    holds: 'they lie on their node, or the kernel warns once',
    clauses: ['ALLOC-3', 'ALLOC-4', 'ALLOC-8', 'ALLOC-9', 'ALLOC-10'],
  },
  { holds: 'page tables come from RAM, with an altmap too', clauses: ['ALLOC-2', 'ALT-2'] },
  { holds: 'with an altmap: its pages or an error', clauses: ['ALT-3', 'ALT-6'] },
  { holds: 'an altmap aligns blocks as it does', clauses: [], because: "core's altmap hands blocks out" },
  { holds: 'an altmap is empty when all is freed', clauses: ['ALT-4', 'ALT-5', 'ERR-6', 'LIFE-4'] },
  { holds: 'what is populated twice stays as it is', clauses: ['IDEM-1'] },
  { holds: 'a leaf that is there is never replaced', clauses: ['IDEM-2', 'IDEM-3'] },
  { holds: 'nothing else becomes mapped', clauses: ['MAP-6'] },
  { holds: 'freeing unmaps nothing that others use', clauses: ['FREE-4', 'FREE-5', 'FREE-10', 'LIFE-1'] },
  { holds: 'after an error, freeing reclaims all that was taken', clauses: ['ERR-1', 'ERR-2', 'ERR-3', 'ERR-6'] },
  { holds: 'the error for want of memory is -ENOMEM', clauses: ['ERR-5', 'ERR-7'] },
  { holds: 'freeing takes holes, and what is freed already', clauses: ['FREE-3'] },
  {
    holds: 'freeing returns the leaves that were taken, once',
    clauses: ['FREE-1', 'FREE-2', 'FREE-11', 'DAX-5', 'HVO-4'],
  },
  { holds: 'empty tables go, others stay', clauses: ['FREE-6', 'FREE-7'] },
  { holds: 'the TLB is flushed for what was freed', clauses: ['FREE-8'] },
  { holds: 'boot memory goes back as such', clauses: ['FREE-9'] },
  { holds: 'a shared page of device memory has a reference for each mapping', clauses: ['DAX-3', 'DAX-5'] },
  { holds: 'a shared tail of HugeTLB pages has one reference', clauses: ['HVO-1'] },
  { holds: 'there is one tail for each zone and order', clauses: ['HVO-1'] },
  { holds: 'after restoring, all pages are distinct and writable', clauses: ['HVO-3'] },
  { holds: 'the head page of an optimised huge page is its own and writable', clauses: ['HVO-1', 'HVO-5'] },
  {
    holds: 'new top-level entries are known in every address space',
    clauses: ['SYNC-1', 'SYNC-2', 'SYNC-3', 'SYNC-6', 'SYNC-7'],
  },
  { holds: 'the user half is left alone', clauses: ['SYNC-4'] },
  {
    holds: 'what is there already is refused with -EEXIST, unchanged',
    clauses: [],
    because: 'core looks at the subsection map before it calls one',
  },
  {
    holds: 'what is not there is not removed, and the kernel warns',
    clauses: [],
    because: 'core looks at the subsection map before it calls one',
  },
  {
    holds: 'a part of an early section that is added takes no memory and counts for nothing',
    clauses: [],
    because: 'core does not call one',
  },
  { holds: 'an early section is freed whole, with its last subsection', clauses: ['FREE-9', 'LIFE-5'] },
  { holds: 'the counters are the pages behind struct pages', clauses: ['SEC-3', 'LIFE-2', 'DAX-4'] },
  { holds: 'a failed add leaves the counters as they were', clauses: ['SEC-4', 'SEC-6'] },
  { holds: 'of compounds larger than a section the first one counts', clauses: ['DAX-4'] },
  { holds: "a section inside of a compound shares the compound's page", clauses: ['DAX-2'] },
  { holds: 'section_mem_map leads to vmemmap', clauses: ['SEC-1'] },
  {
    holds: 'an entry goes from none to what it will be at once, and splitting changes no translation',
    clauses: ['HVO-2'],
  },
  { holds: 'vmemmap is aligned as masks in struct pages need it', clauses: ['SEC-5'] },
  { holds: 'a pgmap that is only passed on has no effect', clauses: ['CON-6', 'CON-8'] },
];
