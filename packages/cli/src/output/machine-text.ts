import { type ArchPlugin, hex, hex64, type Machine } from '@vmemmap/core';
import type { BuiltMachine } from '../build-machine.ts';
import { sizeText } from '../size.ts';
import { plural } from './plural.ts';
import { printable } from './printable.ts';

/** One line: machine, RAM, architecture, configuration, release. */
export function machineTitle({ title, plugin, machine }: BuiltMachine): string {
  const { memory, release } = machine;
  const nodes = plural(memory.nodes.length, 'node');
  const config = configText(plugin, machine);
  return `${printable(title)}: ${sizeText(memory.bytes())} on ${nodes}; ${plugin.arch}, ${config}; ${release.title}`;
}

/** The same for JSON. */
export function machineJson({ title, machine }: BuiltMachine): object {
  const { arch, release, memory, window } = machine;
  return {
    title,
    arch: arch.name,
    config: arch.config,
    release: release.name,
    memory: memory.ranges.map(({ node, start, end }) => ({ node, start: hex(start), end: hex(end) })),
    window: { base: hex64(window.base), start: hex64(window.start), end: hex64(window.end) },
  };
}

// The keys that are not as the plugin has them by default, those that follow from others filled in, as --config takes them.
function configText(plugin: ArchPlugin, { arch }: Machine): string {
  const { config } = plugin();
  const values = Object.entries(arch.config)
    .filter(([key, value]) => value !== undefined && value !== config[key])
    .map(([key, value]) => `${key}=${typeof value === 'bigint' ? hex(value) : value}`);
  return values.join(',') || 'default configuration';
}
