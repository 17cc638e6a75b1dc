// powerpc's vmemmap_list as it stands in a dump: where no page table maps the vmemmap, the kernel keeps a list of what does.
import type { DirectMapping, KernelFacts } from '@vmemmap/core';
import { hex64 } from '@vmemmap/core';
import { refusal } from './refusal.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** MMU_PAGE_16M, the largest that the vmemmap is mapped by. */
const LARGEST = 1n << 24n;

/** One struct vmemmap_backing. */
export interface ListEntry {
  /** Virtual address that it backs. */
  readonly virt: bigint;
  /** Physical address behind it. */
  readonly phys: number;
  /** Address of the entry itself. */
  readonly node: bigint;
}

/**
 * The list, head first; undefined where the kernel has none (arch/powerpc/mm/init_64.c).
 * @throws VmemmapError `NOT_IN_DUMP`, `BAD_FORMAT` for a list without end
 */
export function readVmemmapList(kernel: KernelFacts, memory: VirtualMemory): readonly ListEntry[] | undefined {
  const head = kernel.symbol('vmemmap_list');
  const offset = (member: string): number => Number(kernel.get(`OFFSET(vmemmap_backing.${member})`));
  const [list, phys, virt] = [offset('list'), offset('phys'), offset('virt_addr')];
  const size = kernel.size('vmemmap_backing');
  if (head === undefined || size === undefined || !(list >= 0 && phys >= 0 && virt >= 0)) return undefined;
  const little = memory.byteOrder === 'little';
  const at = (bytes: Uint8Array, place: number): bigint =>
    new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(place, little);
  const entries: ListEntry[] = [];
  const seen = new Set<bigint>();
  for (let node = at(memory.read(head, 8), 0); node !== 0n; ) {
    if (seen.has(node)) throw refusal('BAD_FORMAT', `vmemmap_list at ${hex64(head)} goes round in a circle`);
    seen.add(node);
    const bytes = memory.read(node, size);
    entries.push({ virt: at(bytes, virt), phys: Number(at(bytes, phys)), node });
    node = at(bytes, list);
  }
  return entries;
}

/**
 * What each entry backs: as many bytes as the nearest two are apart (arch/powerpc/mm/init_64.c:vmemmap_populate,
 * mmu_vmemmap_psize). By address.
 */
export function listMappings(list: readonly ListEntry[]): readonly DirectMapping[] {
  const sorted = [...list].sort((a, b) => Number(a.virt - b.virt));
  let bytes = LARGEST;
  for (let n = 1; n < sorted.length; n++) {
    const step = sorted[n]!.virt - sorted[n - 1]!.virt;
    if (step > 0n && step < bytes) bytes = step;
  }
  return sorted.map(({ virt, phys }) => ({ va: virt, bytes, pa: phys }));
}
