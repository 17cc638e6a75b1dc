// The kernel's tree of resources: what /proc/iomem shows.
import { isVmemmapError } from '@vmemmap/core';
import { KernelReader } from '@vmemmap/vmcore';
import type { DumpKernel } from '../kernel.ts';
import { refusal } from '../refusal.ts';

/** One resource. */
export interface Resource {
  /** First byte, a physical address. */
  readonly start: number;
  /** Behind the last. */
  readonly end: number;
  /** True for RAM that the kernel uses. */
  readonly ram: boolean;
}

/** include/linux/ioport.h: IORESOURCE_SYSTEM_RAM, i.e. IORESOURCE_MEM and IORESOURCE_SYSRAM. */
const SYSTEM_RAM = 0x0100_0200n;

/** include/linux/ioport.h: struct resource is start, end, name, flags, desc, parent, sibling, child. */
const RESOURCE = { start: 0n, end: 8n, flags: 24n, sibling: 48n, child: 56n };

/** More than a machine has: each device has a few. */
const MOST = 2 ** 17;

/** Resources by address, each before those within it, without the parts of RAM; empty where the kernel does not say where they are, or the dump leaves them out. */
export function readResources(kernel: Pick<DumpKernel, 'facts' | 'memory'>): readonly Resource[] {
  const root = kernel.facts.symbol('iomem_resource');
  if (root === undefined) return [];
  const reader = new KernelReader(kernel.memory);
  const resources: Resource[] = [];
  const seen = new Set<bigint>([0n]);
  const read = (): void => {
    for (const open = [reader.pointer(root + RESOURCE.child)]; open.length > 0; ) {
      const at = open.pop()!;
      if (seen.has(at)) continue;
      if (seen.size > MOST) throw refusal('BAD_FORMAT', `the tree of resources has more than ${MOST}: it is damaged`);
      seen.add(at);
      const ram = (reader.u64(at + RESOURCE.flags) & SYSTEM_RAM) === SYSTEM_RAM;
      resources.push({
        start: Number(reader.u64(at + RESOURCE.start)),
        end: Number(reader.u64(at + RESOURCE.end)) + 1,
        ram,
      });
      // What lies in RAM is the kernel itself.
      open.push(reader.pointer(at + RESOURCE.sibling));
      if (!ram) open.push(reader.pointer(at + RESOURCE.child));
    }
  };
  try {
    read();
  } catch (error) {
    if (!isVmemmapError(error)) throw error;
    return [];
  }
  return resources;
}
