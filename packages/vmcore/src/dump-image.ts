import type { ByteOrder } from './byte-view.ts';
import type { Inflate } from './codecs/codec.ts';
import type { CoreNote } from './elf/notes.ts';
import type { PageStore } from './page-store.ts';
import type { MemoryOptions } from './physical-memory.ts';

/** What a dump may be: ELF core, kdump-compressed, live /proc/kcore, memory as it is. */
export type DumpFormat = 'elf' | 'kdump' | 'kcore' | 'raw';

/** How to open a dump. */
export interface OpenOptions extends MemoryOptions {
  /** What to do with a file that ends too early: `refuse` it, the default, or `allow` reading what there is. */
  readonly truncated?: 'refuse' | 'allow';
  /** How zlib data are read. `openDump()` of `@vmemmap/vmcore/node` has Node's own; elsewhere bring one along. */
  readonly inflate?: Inflate;
}

/** What a file says of the machine and of itself. */
export interface DumpFacts {
  /** Which format it is. */
  readonly format: DumpFormat;
  /** Of the machine's words. */
  readonly bits: 32 | 64;
  /** Of the machine. */
  readonly byteOrder: ByteOrder;
  /** As `uname -m` says it; empty where the file does not say: QEMU's kdump. */
  readonly machine: string;
  /** Notes of the dump. */
  readonly notes: readonly CoreNote[];
  /** What is wrong with the file and did not keep it from being read. */
  readonly warnings: readonly string[];
}

/** What a format makes of its file. */
export interface DumpImage extends DumpFacts {
  /** Its pages. */
  readonly store: PageStore;
}
