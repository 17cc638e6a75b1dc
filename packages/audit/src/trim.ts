// A dump with what an audit needs and nothing else.

import type { ArchPlugin } from '@vmemmap/core';
import { type CoreNote, type Dump, writeElfCore } from '@vmemmap/vmcore';
import { audit } from './audit.ts';
import { captureDump } from './capture/capture-dump.ts';
import { type DumpKernel, type KernelOptions, openKernel } from './kernel.ts';

/** A trimmed dump, before it is written. */
export interface TrimmedDump {
  /** Pages that are kept. */
  readonly pages: number;
  /** Bytes of a page. */
  readonly pageSize: number;
  /** The ELF core, in parts. */
  parts(): Iterable<Uint8Array>;
  /** Closes the dump that it is made from. */
  close(): void;
}

/** The name of the kernel's note. */
const VMCOREINFO = 'VMCOREINFO';

/**
 * Keeps the pages that opening the kernel and auditing it look at: page tables of the vmemmap, mem_section, some struct
 * pages, the structures of tasks. No memory of a process is among them; what the kernel's own tables of symbols and types say is
 * added to VMCOREINFO. The rest of memory is said to
 * be there, and has no contents.
 * @param open opens the dump, each time anew, and tells `onPage` of what is read (`OpenOptions.onPage`)
 * @throws VmemmapError as {@link openKernel}
 */
export function trimDump(
  open: (onPage?: (pa: number) => void) => Dump,
  plugins: readonly ArchPlugin[],
  options: KernelOptions = {},
): TrimmedDump {
  const learned = learn(open, plugins, options);
  const wanted = new Set<number>();
  const dump = open((pa) => wanted.add(pa));
  try {
    const kernel = openKernel(dump, plugins, { ...options, ...learned });
    look(kernel);
    const lines = [...learned.facts].flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`]));
    const text = kernel.vmcoreinfo.text.replace(/\n?\0*$/, '\n') + lines.join('');
    const note: CoreNote = { name: VMCOREINFO, type: 0, desc: new TextEncoder().encode(text) };
    const pages = [...wanted].filter((pa) => dump.memory.has(pa)).sort((a, b) => a - b);
    const { byteOrder, machine } = dump;
    const { pageSize, ranges } = dump.memory;
    return {
      pages: pages.length,
      pageSize,
      parts: () =>
        writeElfCore({
          machine,
          byteOrder,
          notes: [note],
          ranges,
          pageSize,
          pages,
          read: (pa) => dump.memory.page(pa),
        }),
      close: () => dump.close(),
    };
  } catch (error) {
    dump.close();
    throw error;
  }
}

// What only the kernel's own tables say: as lines it takes a hundred bytes, the tables take ten million.
function learn(
  open: () => Dump,
  plugins: readonly ArchPlugin[],
  options: KernelOptions,
): Pick<Required<KernelOptions>, 'facts'> & Pick<KernelOptions, 'vmcoreinfo'> {
  const dump = open();
  try {
    const { pa } = dump.vmcoreinfo(options.vmcoreinfo);
    const where = pa === undefined ? {} : { vmcoreinfo: pa };
    const kernel = openKernel(dump, plugins, { ...options, ...where });
    look(kernel);
    return { ...where, facts: kernel.facts.learned };
  } finally {
    dump.close();
  }
}

// All that a small dump is good for.
function look(kernel: DumpKernel): void {
  audit(kernel);
  captureDump(kernel, 'trimmed');
}
