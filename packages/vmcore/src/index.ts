/**
 * `@vmemmap/vmcore`: the memory of a machine from its dump, and what the kernel says of itself in there.
 *
 * @packageDocumentation
 */

// Where bytes come from.
export { type BlobLike, blobSource } from './blob-source.ts';
export { bufferSource } from './buffer-source.ts';
export type { ByteSource } from './byte-source.ts';
export type { ByteOrder } from './byte-view.ts';
export type { Inflate } from './codecs/codec.ts';
// Dumps.
export type { Dump, DumpVmcoreinfo, VmcoreinfoOrigin } from './dump.ts';
export type { DumpFacts, DumpFormat, OpenOptions } from './dump-image.ts';
export type { CoreNote } from './elf/notes.ts';
export { type CorePages, writeElfCore } from './elf/write.ts';
export type { Extent } from './extent-store.ts';
// What the kernel says of itself.
export { Btf, openBtf } from './kernel/btf.ts';
export type {
  BtfAggregate,
  BtfArray,
  BtfBits,
  BtfMember,
  BtfNone,
  BtfPlace,
  BtfPointer,
  BtfScalar,
  BtfStruct,
  BtfType,
} from './kernel/btf-types.ts';
export { Kallsyms, type KernelSymbol, type NearestSymbol, openKallsyms } from './kernel/kallsyms.ts';
export { type KallsymsTables, kallsymsTables } from './kernel/kallsyms-tables.ts';
export type { KernelMemory } from './kernel/kernel-memory.ts';
export { KernelReader } from './kernel/kernel-reader.ts';
export { KernelTypes } from './kernel/kernel-types.ts';
export { StructView } from './kernel/struct-view.ts';
export { isDump, openSources } from './open.ts';
export type { PageStore, PhysicalRange } from './page-store.ts';
export { type MemoryOptions, PhysicalMemory } from './physical-memory.ts';
export { openRaw, type RawMachine } from './raw-image.ts';
export { type FoundVmcoreinfo, findVmcoreinfo, vmcoreinfoAt } from './vmcoreinfo/find.ts';
export { Vmcoreinfo } from './vmcoreinfo/vmcoreinfo.ts';
