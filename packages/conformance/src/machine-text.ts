import { hex, type Machine } from '@vmemmap/core';

/** A machine in one line: release and RAM, enough to build it again. */
export function machineText(machine: Machine): string {
  const ram = machine.memory.ranges.map(({ node, start, end }) => `node ${node} ${hex(start)}-${hex(end)}`);
  return `${machine.arch.name} on ${machine.release.name}, RAM ${ram.join(', ')}`;
}
