import {
  type KernelRelease,
  MachineContext,
  type MemoryMap,
  type VmemmapArch,
  type VmemmapOps,
  type VmemmapWindow,
} from '@vmemmap/core';
import type { PhysicalMemory } from '@vmemmap/vmcore';
import { DumpTables } from './dump-tables.ts';

/** The machine's side of the contract over a dump: the architecture is attached as at boot, and finds the dump's tables. */
export class DumpContext extends MachineContext {
  override readonly tables: DumpTables;
  /** The architecture at work on it. Nothing may be populated or freed. */
  readonly ops: VmemmapOps;

  /** @param root physical address of init_mm's root table, where there is one */
  constructor(
    arch: VmemmapArch,
    release: KernelRelease,
    map: MemoryMap,
    window: VmemmapWindow,
    memory: PhysicalMemory,
    root: number | undefined,
  ) {
    super(arch, arch.modelOn?.(release) ?? arch.model, window, release, map, {}, undefined);
    this.tables = new DumpTables(memory, arch.entryByteOrder === 'big');
    this.ops = arch.attach(this, { allocRoot: () => root ?? 0 });
    this.addressSpaces.push(this.ops.initMm);
    this.tables.readFrom(this.ops.pageTable?.format.levels ?? []);
  }
}
