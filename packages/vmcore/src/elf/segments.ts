import { type ByteSource, bytesFrom } from '../byte-source.ts';
import { ByteView } from '../byte-view.ts';
import type { ElfHeader } from './header.ts';

/** A part of the file with notes. */
interface NoteSegment {
  readonly offset: number;
  readonly length: number;
}

/** A part of the file with memory. */
export interface LoadSegment {
  readonly offset: number;
  /** Bytes in the file. */
  readonly fileSize: number;
  /** Bytes that the machine has; what is beyond {@link fileSize} was left out. */
  readonly memorySize: number;
  /** Physical address. */
  readonly start: number;
}

/** What the program headers of a core say. */
export interface ElfSegments {
  readonly notes: readonly NoteSegment[];
  readonly loads: readonly LoadSegment[];
  /** PT_LOAD without physical address: vmalloc, modules and vmemmap in /proc/kcore. */
  readonly withoutAddress: number;
  /** PT_LOAD at a place in the file that no number has. */
  readonly beyond: number;
}

const PT_LOAD = 1;
const PT_NOTE = 4;

/** Reads the program headers. */
export function readSegments(source: ByteSource, header: ElfHeader): ElfSegments {
  const { bits, byteOrder, phoff, phnum, phentsize } = header;
  const what = `the program headers of ${source.name}`;
  const view = new ByteView(bytesFrom(source, phoff, phnum * phentsize, what), byteOrder, what);
  const notes: NoteSegment[] = [];
  const loads: LoadSegment[] = [];
  let withoutAddress = 0;
  let beyond = 0;
  for (let i = 0; i < phnum; i++) {
    const at = i * phentsize;
    const type = view.u32(at);
    if (type !== PT_NOTE && type !== PT_LOAD) continue;
    const word = (index: number): number => (bits === 64 ? view.u64(at + 8 * index) : view.u32(at + 4 * index));
    // In words of the class: type and flags, offset, vaddr, paddr, filesz, memsz; in ELF32 the flags are after those.
    if (type === PT_NOTE) notes.push({ offset: word(1), length: word(4) });
    // fs/proc/kcore.c:read_kcore_iter gives p_paddr -1 to all that is not a part of the direct map or the kernel's text.
    else if (bits === 64 ? view.isAllOnes(at + 24) : view.u32(at + 12) === 0xffff_ffff) withoutAddress++;
    // The text of x86 with 5 levels, which /proc/kcore has in the direct map as well.
    else if (bits === 64 && !view.fits(at + 8)) beyond++;
    else loads.push({ offset: word(1), fileSize: word(4), memorySize: word(5), start: word(3) });
  }
  return { notes, loads, withoutAddress, beyond };
}
