// mem_section as it stands in a dump.
import { hex64, type KernelFacts, SECTION_FLAGS } from '@vmemmap/core';
import { refusal } from './refusal.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** One section that is present. */
export interface DumpSection {
  /** Its number. */
  readonly nr: number;
  /** section_mem_map. */
  readonly raw: bigint;
  /** {@link SECTION_FLAGS} bits. */
  readonly flags: number;
  /** Virtual address of its struct mem_section. */
  readonly va: bigint;
  /** Address of its struct mem_section_usage. */
  readonly usage: bigint;
}

/** Roots that a kernel may have: more than with 4 KiB pages and 64 bits of physical address. */
const MOST_ROOTS = 2 ** 24;

/** What VMCOREINFO says of mem_section. */
interface SectionTable {
  readonly va: bigint;
  readonly roots: number;
  readonly bytes: number;
  readonly mapAt: number;
  readonly pageSize: number;
}

function sectionTable(kernel: KernelFacts): SectionTable {
  const va = kernel.symbol('mem_section');
  const roots = Number(kernel.get('LENGTH(mem_section)'));
  const bytes = kernel.size('mem_section');
  const mapAt = Number(kernel.get('OFFSET(mem_section.section_mem_map)'));
  const { pageSize } = kernel;
  if (va === undefined || bytes === undefined || pageSize === undefined || !(mapAt >= 0) || !(roots > 0))
    throw refusal('BAD_FORMAT', 'VMCOREINFO says nothing of mem_section: the kernel has no SPARSEMEM');
  if (roots > MOST_ROOTS || bytes < 8 || bytes > pageSize || mapAt > bytes - 8)
    throw refusal(
      'BAD_FORMAT',
      `VMCOREINFO says LENGTH(mem_section)=${roots} and SIZE(mem_section)=${bytes}, which no kernel has`,
    );
  return { va, roots, bytes, mapAt, pageSize };
}

/**
 * Sections that are present, by number (mm/sparse.c:sparse_index_init: SPARSEMEM_EXTREME, a page of sections for each root
 * that is used).
 * @throws VmemmapError `BAD_FORMAT`, `NOT_IN_DUMP`
 */
export function readSections(kernel: KernelFacts, memory: VirtualMemory): readonly DumpSection[] {
  const { va, roots, bytes, mapAt, pageSize } = sectionTable(kernel);
  const little = memory.byteOrder === 'little';
  const pointers = view(memory.read(va, 8 * roots));
  const perRoot = Math.floor(pageSize / bytes);
  const found: DumpSection[] = [];
  for (let root = 0; root < roots; root++) {
    if (pointers.getUint32(8 * root) === 0 && pointers.getUint32(8 * root + 4) === 0) continue;
    const at = pointers.getBigUint64(8 * root, little);
    let sections: DataView;
    try {
      sections = view(memory.read(at, perRoot * bytes));
    } catch (cause) {
      throw refusal('NOT_IN_DUMP', `mem_section[${root}] points to ${hex64(at)}: ${(cause as Error).message}`);
    }
    for (let n = 0; n < perRoot; n++) {
      const raw = sections.getBigUint64(n * bytes + mapAt, little);
      const flags = Number(raw & 0x3fn);
      if ((flags & SECTION_FLAGS.MARKED_PRESENT) === 0) continue;
      found.push({
        nr: root * perRoot + n,
        raw,
        flags,
        va: at + BigInt(n * bytes),
        usage: bytes >= 16 ? sections.getBigUint64(n * bytes + 8, little) : 0n,
      });
    }
  }
  return found;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
