import { type ByteOrder, ByteView } from '../byte-view.ts';

/** A note of a dump: registers of a CPU, VMCOREINFO, … */
export interface CoreNote {
  /** Who wrote it: `CORE`, `VMCOREINFO`, `QEMU`, … */
  readonly name: string;
  /** What it is, among the notes of that name. */
  readonly type: number;
  /** What it says, in the byte order of the machine. */
  readonly desc: Uint8Array;
}

/** Notes, and what was wrong with them. */
export interface ReadNotes {
  readonly notes: readonly CoreNote[];
  /** Why the last were not read, or an empty string. */
  readonly problem: string;
}

/** Bytes of n_namesz, n_descsz and n_type, in both classes. */
export const NOTE_HEADER = 12;

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** The notes in `bytes`. Where one does not fit in, it and those behind it are left out. */
export function readNotes(bytes: Uint8Array, order: ByteOrder, what: string): ReadNotes {
  const view = new ByteView(bytes, order, what);
  const notes: CoreNote[] = [];
  for (let at = 0; at + NOTE_HEADER <= bytes.length; ) {
    const [nameSize, descSize, type] = [view.u32(at), view.u32(at + 4), view.u32(at + 8)];
    // Room that the kernel set aside for a CPU that is not there.
    if (nameSize === 0 && descSize === 0 && type === 0) break;
    const desc = at + NOTE_HEADER + aligned(nameSize);
    if (desc + descSize > bytes.length)
      return {
        notes,
        problem: `${what}: the note at byte ${at} has ${nameSize} and ${descSize} bytes, more than there are`,
      };
    const name = String.fromCharCode(...bytes.subarray(at + NOTE_HEADER, at + NOTE_HEADER + Math.min(nameSize, 64)));
    notes.push({ name: name.replace(/\0.*$/s, ''), type, desc: bytes.slice(desc, desc + descSize) });
    at = desc + aligned(descSize);
  }
  return { notes, problem: '' };
}
