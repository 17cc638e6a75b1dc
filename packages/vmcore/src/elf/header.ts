import { type ByteSource, bytesFrom } from '../byte-source.ts';
import { type ByteOrder, ByteView } from '../byte-view.ts';
import { refusal } from '../refusal.ts';
import { elfMachine } from './machine.ts';

/** The ELF header of a core file, as far as reading its memory needs it. */
export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly byteOrder: ByteOrder;
  readonly machine: string;
  /** Where the program headers lie in the file. */
  readonly phoff: number;
  readonly phnum: number;
  /** Bytes in a program header. */
  readonly phentsize: number;
}

const ET_CORE = 4;
/** e_phnum when there are more program headers than 16 bits count: the number is in sh_info of section 0 (elf(5)). */
const PN_XNUM = 0xffff;
/** More than any machine has memory blocks. */
const MOST_SEGMENTS = 2 ** 17;

/** True for what begins as an ELF file does. */
export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/** Reads and checks the header of an ELF core. */
export function readElfHeader(source: ByteSource): ElfHeader {
  const what = `the ELF header of ${source.name}`;
  const ident = bytesFrom(source, 0, 16, what);
  const [elfClass, data] = [ident[4], ident[5]];
  if ((elfClass !== 1 && elfClass !== 2) || (data !== 1 && data !== 2))
    throw refusal('BAD_FORMAT', `${what} has class ${elfClass} and byte order ${data}: each is 1 or 2`);
  const bits = elfClass === 2 ? 64 : 32;
  const byteOrder = data === 1 ? 'little' : 'big';
  const view = new ByteView(bytesFrom(source, 0, bits === 64 ? 64 : 52, what), byteOrder, what);
  const type = view.u16(16);
  if (type !== ET_CORE)
    throw refusal(
      'BAD_FORMAT',
      `${source.name} is an ELF file of type ${type} and no core (4): give the dump, not the kernel`,
    );
  const [phoff, shoff] = bits === 64 ? [view.u64(32), view.u64(40)] : [view.u32(28), view.u32(32)];
  const at = bits === 64 ? 54 : 42;
  const phentsize = view.u16(at);
  if (phentsize < (bits === 64 ? 56 : 32))
    throw refusal('BAD_FORMAT', `${what} has program headers of ${phentsize} bytes`);
  let phnum = view.u16(at + 2);
  if (phnum === PN_XNUM) {
    const section = `section 0 of ${source.name}`;
    const zeroth = bytesFrom(source, shoff, bits === 64 ? 64 : 40, section);
    phnum = new ByteView(zeroth, byteOrder, section).u32(bits === 64 ? 44 : 28);
  }
  if (phnum > MOST_SEGMENTS)
    throw refusal('BAD_FORMAT', `${what} has ${phnum} program headers: no dump has more than ${MOST_SEGMENTS}`);
  return { bits, byteOrder, machine: elfMachine(view.u16(18), bits), phoff, phnum, phentsize };
}
