import type { ByteOrder } from '../byte-view.ts';
import { NOTE_HEADER, readNotes } from '../elf/notes.ts';
import type { PhysicalMemory } from '../physical-memory.ts';
import { refusal } from '../refusal.ts';
import { VMCOREINFO, Vmcoreinfo } from './vmcoreinfo.ts';

/** Bytes: no kernel has had as much (VMCOREINFO_BYTES is a page). */
const LONGEST = 2 ** 17;
/** n_namesz, n_descsz and n_type, and the name with its 0 filled up to a multiple of 4. */
const HEADER = NOTE_HEADER + 12;

/** The text of a note as the kernel keeps it: up to the first 0. */
export function vmcoreinfoText(desc: Uint8Array): string {
  const end = desc.indexOf(0);
  let text = '';
  for (const byte of end < 0 ? desc : desc.subarray(0, end)) text += String.fromCharCode(byte);
  return text;
}

/**
 * VMCOREINFO at an address that is known, such as the first number in /sys/kernel/vmcoreinfo.
 * Throws `BAD_FORMAT` where there is none, `NOT_IN_DUMP` where the dump does not have the page.
 * @param pa physical address of the note
 */
export function vmcoreinfoAt(memory: PhysicalMemory, pa: number, order: ByteOrder): Vmcoreinfo {
  const found = noteAt(memory, pa, order);
  if (found === undefined)
    throw refusal('BAD_FORMAT', `there is no VMCOREINFO note at physical address 0x${pa.toString(16)}`);
  return found;
}

/** VMCOREINFO that was found in memory. */
export interface FoundVmcoreinfo {
  /** Physical address of the note. */
  readonly pa: number;
  /** What it says. */
  readonly vmcoreinfo: Vmcoreinfo;
}

/**
 * Looks for the note through all pages of the dump, by address, and gives the first. The kernel has it in pages of its own
 * (kernel/vmcore_info.c:crash_save_vmcoreinfo_init), so that it starts a page.
 * @returns undefined when there is none
 */
export function findVmcoreinfo(memory: PhysicalMemory, order: ByteOrder): FoundVmcoreinfo | undefined {
  let found: FoundVmcoreinfo | undefined;
  memory.scan((pa, page) => {
    for (let at = 0; at < page.length && found === undefined; at += 4096) {
      if (!isNote(page, at)) continue;
      const vmcoreinfo = noteAt(memory, pa + at, order);
      if (vmcoreinfo !== undefined) found = { pa: pa + at, vmcoreinfo };
    }
    return found !== undefined;
  });
  return found;
}

function isNote(page: Uint8Array, at: number): boolean {
  for (let i = 0; i < VMCOREINFO.length; i++) if (page[at + NOTE_HEADER + i] !== VMCOREINFO.charCodeAt(i)) return false;
  return page[at + NOTE_HEADER + VMCOREINFO.length] === 0;
}

function noteAt(memory: PhysicalMemory, pa: number, order: ByteOrder): Vmcoreinfo | undefined {
  const head = new Uint8Array(HEADER);
  memory.read(pa, head);
  if (!isNote(head, 0)) return undefined;
  const little = order === 'little';
  const view = new DataView(head.buffer);
  const length = view.getUint32(4, little);
  if (view.getUint32(0, little) !== VMCOREINFO.length + 1 || length > LONGEST) return undefined;
  const note = new Uint8Array(HEADER + length);
  if (!hasAll(memory, pa, note.length)) return undefined;
  memory.read(pa, note);
  const text = vmcoreinfoText(readNotes(note, order, VMCOREINFO).notes[0]?.desc ?? new Uint8Array(0));
  // Memory may have a page that only begins as one.
  return text.startsWith('OSRELEASE=') ? new Vmcoreinfo(text) : undefined;
}

function hasAll(memory: PhysicalMemory, pa: number, length: number): boolean {
  for (let at = pa; at < pa + length; at += memory.pageSize) if (!memory.has(at)) return false;
  return memory.has(pa + length - 1);
}
