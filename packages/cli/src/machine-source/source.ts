import type { ArchPlugin, MemoryMapInput, MemoryModel } from '@vmemmap/core';

/** Where a machine comes from: a file, a shorthand, the built-in one. What it leaves open the options decide. */
export interface MachineSource {
  /** What to call it in a title. */
  readonly title: string;
  readonly arch?: string | undefined;
  readonly release?: string | undefined;
  /** The configuration it names, for the plugin to check. */
  config?(plugin: ArchPlugin): Readonly<Record<string, unknown>>;
  /** RAM. It may depend on the size of a section. */
  memory(model: MemoryModel): MemoryMapInput;
  /** Ranges that are taken before the memmap code runs, `[start, end)`. */
  readonly reserved?: readonly (readonly [number, number])[] | undefined;
  /** What was left out, for people. */
  readonly notes?: readonly string[];
}
