import type { MemoryRange } from '@vmemmap/core';

/**
 * RAM of a server with two sockets of 96 GiB each, as the firmware of such machines lays it out. The addresses are
 * made up; the shape is that of many /proc/iomem.
 */
export const defaultMachine: readonly MemoryRange[] = [
  // Low memory without page 0, up to the EBDA below 640 KiB.
  { node: 0, start: 0x1000, end: 0x9_9c00 },
  // Above the legacy hole (VGA, option ROMs, BIOS): 1 MiB up to the firmware's own tables.
  { node: 0, start: 0x10_0000, end: 0x5f15_9000 },
  // Between runtime services and ACPI NVS there is RAM again, in pieces.
  { node: 0, start: 0x5f15_b000, end: 0x653f_e000 },
  { node: 0, start: 0x68df_f000, end: 0x6b59_e000 },
  { node: 0, start: 0x6fff_e000, end: 0x7000_0000 },
  // PCI and other MMIO up to 4 GiB; what the 2 GiB below would have been follows above.
  { node: 0, start: 0x1_0000_0000, end: 0x18_8000_0000 },
  { node: 1, start: 0x18_8000_0000, end: 0x30_8000_0000 },
];
