/**
 * What a kernel says of itself (VMCOREINFO, Documentation/admin-guide/kdump/vmcoreinfo.rst), and its symbols where they
 * are known. What it does not say is undefined.
 */
export interface KernelFacts {
  /** `uname -m` of the machine as far as the dump's file says; empty where it does not. */
  readonly machine: string;
  /** `uname -r`. */
  readonly osrelease: string;
  /** Bytes of a page. */
  readonly pageSize: number | undefined;
  /** Virtual address of a symbol; for an array or a pointer that VMCOREINFO has, where it begins or points to. */
  symbol(name: string): bigint | undefined;
  /** The value of a constant or variable. */
  number(name: string): bigint | undefined;
  /** sizeof() of a type, in bytes. */
  size(type: string): number | undefined;
  /** Where a member is in its type, in bytes: `page.flags`. */
  offset(member: string): number | undefined;
  /** Elements of an array. */
  length(array: string): number | undefined;
  /** Any other line: what comes behind `key=`. */
  get(key: string): string | undefined;
}

/** Kernel addresses that are translated without page tables: a linear mapping. */
export interface DirectMapping {
  /** First virtual address. */
  readonly va: bigint;
  /** How many bytes it reaches. */
  readonly bytes: bigint;
  /** Physical address of the first. */
  readonly pa: number;
}

/** What an architecture makes of a kernel that is its own. */
export interface Recognition {
  /** Keys of its configuration that follow. */
  readonly config: Readonly<Record<string, unknown>>;
  /** How each of them is known, for people, by key: `NUMBER(pgtable_l5_enabled)`. */
  readonly how: Readonly<Record<string, string>>;
  /** Physical address of init_mm's root table; undefined where there is none. */
  readonly root: number | undefined;
  /** What the kernel can read without tables. Empty where all of its addresses are in them. */
  readonly direct: readonly DirectMapping[];
}
