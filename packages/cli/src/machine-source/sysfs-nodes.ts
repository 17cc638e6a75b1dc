import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryRange } from '@vmemmap/core';

/**
 * Reads which memory block is on which node (Documentation/ABI/stable/sysfs-devices-node).
 * @param system `/sys/devices/system`
 * @returns empty when the kernel does not say
 */
export function readSysfsNodes(system: string): MemoryRange[] {
  const sizeFile = join(system, 'memory/block_size_bytes');
  const nodesFolder = join(system, 'node');
  if (!existsSync(sizeFile) || !existsSync(nodesFolder)) return [];
  const size = Number.parseInt(readFileSync(sizeFile, 'utf8'), 16);
  return numbered(nodesFolder, /^node(\d+)$/).flatMap((node) =>
    numbered(join(nodesFolder, `node${node}`), /^memory(\d+)$/).map((block) => ({
      node,
      start: block * size,
      end: (block + 1) * size,
    })),
  );
}

// The numbers in the names of a folder's entries, ascending.
function numbered(folder: string, name: RegExp): number[] {
  return readdirSync(folder)
    .flatMap((entry) => name.exec(entry)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
