import type { ByteSource } from './byte-source.ts';
import type { DumpFacts, DumpImage } from './dump-image.ts';
import { type MemoryOptions, PhysicalMemory } from './physical-memory.ts';
import { refusal } from './refusal.ts';
import { findVmcoreinfo, vmcoreinfoAt, vmcoreinfoText } from './vmcoreinfo/find.ts';
import { VMCOREINFO, Vmcoreinfo } from './vmcoreinfo/vmcoreinfo.ts';

/** How VMCOREINFO was found: in a note of the dump, at an address that was given, or by looking through memory. */
export type VmcoreinfoOrigin = 'note' | 'address' | 'scan';

/** VMCOREINFO of a dump, and how it was found. */
export interface DumpVmcoreinfo {
  /** How it was found. */
  readonly origin: VmcoreinfoOrigin;
  /** Physical address of the kernel's note, where that is known. */
  readonly pa: number | undefined;
  /** What it says. */
  readonly vmcoreinfo: Vmcoreinfo;
}

/** An open dump: a machine's memory, and what the file says of the machine. */
export interface Dump extends DumpFacts {
  /** The machine's memory. */
  readonly memory: PhysicalMemory;
  /**
   * VMCOREINFO: at the address if one is given, or from the note; when the dump has none, memory is looked through for it.
   * Throws `BAD_FORMAT` when there is none.
   * @param pa physical address of the note: the first number in /sys/kernel/vmcoreinfo
   */
  vmcoreinfo(pa?: number): DumpVmcoreinfo;
  /** Closes the files. */
  close(): void;
}

/** A dump of what a format made of its files. */
export function dumpOf({ store, ...facts }: DumpImage, sources: readonly ByteSource[], options: MemoryOptions): Dump {
  const memory = new PhysicalMemory(store, options);
  return {
    ...facts,
    memory,
    vmcoreinfo: (pa) => vmcoreinfoOf(facts, memory, pa),
    close() {
      for (const source of sources) source.close?.();
    },
  };
}

function vmcoreinfoOf({ notes, byteOrder }: DumpFacts, memory: PhysicalMemory, pa: number | undefined): DumpVmcoreinfo {
  if (pa !== undefined) return { origin: 'address', pa, vmcoreinfo: vmcoreinfoAt(memory, pa, byteOrder) };
  const note = notes.find(({ name }) => name === VMCOREINFO);
  if (note !== undefined)
    return { origin: 'note', pa: undefined, vmcoreinfo: new Vmcoreinfo(vmcoreinfoText(note.desc)) };
  const found = findVmcoreinfo(memory, byteOrder);
  if (found !== undefined) return { origin: 'scan', ...found };
  throw refusal(
    'BAD_FORMAT',
    'the dump has no VMCOREINFO, neither as a note nor in its memory: is it a Linux kernel, 4.14 or later?',
  );
}
