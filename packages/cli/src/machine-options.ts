import { VmemmapError } from '@vmemmap/core';
import type { Options } from 'yargs';
import { defaultSource } from './machine-source/default.ts';
import { iomemSource } from './machine-source/iomem.ts';
import { captureFileSource, machineFileSource } from './machine-source/machine-file.ts';
import { shorthandSource } from './machine-source/shorthand.ts';
import type { MachineSource } from './machine-source/source.ts';

/** What {@link machineOptions} parse to. */
export interface MachineArguments {
  readonly arch?: string;
  readonly release?: string;
  readonly config?: readonly string[];
  readonly iomem?: string;
  readonly node?: readonly string[];
  readonly machine?: string;
  readonly capture?: string;
  readonly ram?: string;
  readonly nodes?: string;
}

const GROUP = 'Machine (default: a built-in server with two nodes):';

/** The options of every command that builds a machine. */
export const machineOptions: Readonly<Record<keyof MachineArguments, Options>> = {
  iomem: { type: 'string', requiresArg: true, group: GROUP, describe: 'RAM from a copy of /proc/iomem' },
  node: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: GROUP,
    describe: 'with --iomem: which addresses are on a node, as 1=0x100000000-0x1ffffffff; repeatable',
  },
  machine: { type: 'string', requiresArg: true, group: GROUP, describe: 'machine from a JSON file' },
  capture: { type: 'string', requiresArg: true, group: GROUP, describe: 'machine of a capture' },
  ram: { type: 'string', requiresArg: true, group: GROUP, describe: 'so much RAM from address 0 on, as 64G' },
  nodes: { type: 'string', requiresArg: true, group: GROUP, describe: 'with --ram: split over so many nodes' },
  arch: { type: 'string', requiresArg: true, group: GROUP, describe: 'architecture, see `vmemmap arches`' },
  release: { type: 'string', requiresArg: true, group: GROUP, describe: 'kernel release, see `vmemmap releases`' },
  config: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: GROUP,
    describe: 'keys of the architecture, as la57=false,pse or no-la57; repeatable',
  },
};

/**
 * Finds out where the machine comes from.
 * @throws VmemmapError `BAD_ARGUMENT` when options contradict each other, and whatever reading the source throws
 */
export function machineSource(args: MachineArguments): MachineSource {
  const given = (['iomem', 'machine', 'capture', 'ram'] as const).filter((name) => args[name] !== undefined);
  if (given.length > 1) bad(`--${given[0]} and --${given[1]} both give a machine; choose one`);
  if (args.node !== undefined && args.iomem === undefined) bad('--node goes with --iomem only');
  if (args.nodes !== undefined && args.ram === undefined) bad('--nodes goes with --ram only');
  if (args.iomem !== undefined) return iomemSource(args.iomem, args.node ?? []);
  if (args.machine !== undefined) return machineFileSource(args.machine);
  if (args.capture !== undefined) return captureFileSource(args.capture);
  if (args.ram !== undefined) return shorthandSource(args.ram, args.nodes);
  return defaultSource();
}

function bad(message: string): never {
  throw new VmemmapError('BAD_ARGUMENT', message, '@vmemmap/cli');
}
