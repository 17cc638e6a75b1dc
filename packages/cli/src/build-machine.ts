import { type ArchPlugin, type FailureRule, Machine, type Trace } from '@vmemmap/core';
import { parseConfigOption } from './config-option.ts';
import { type MachineArguments, machineSource } from './machine-options.ts';
import { withProgress } from './output/progress.ts';
import type { Session } from './session.ts';

const DEFAULT_ARCH = 'x86';

/** A machine that has booted, and where it came from. */
export interface BuiltMachine {
  readonly title: string;
  readonly notes: readonly string[];
  readonly plugin: ArchPlugin;
  readonly machine: Machine;
}

/** What only some commands want of a boot. */
export interface BootExtras {
  readonly trace?: Trace;
  readonly failures?: readonly FailureRule[];
}

/** Builds and boots the machine that the options describe. Options win over what a file says. */
export function buildMachine(args: MachineArguments, session: Session, extras: BootExtras = {}): BuiltMachine {
  const source = machineSource(args);
  const plugin = session.registry.find(args.arch ?? source.arch ?? DEFAULT_ARCH);
  const arch = plugin({ ...source.config?.(plugin), ...parseConfigOption(args.config ?? []) });
  const release = args.release ?? source.release;
  const { reserved } = source;
  const memory = source.memory(arch.model);
  const machine = withProgress(session.io, 'populate', (onProgress) =>
    new Machine({
      arch,
      memory,
      ...(release !== undefined && { release }),
      ...(reserved !== undefined && { memblock: { reserved } }),
      ...(onProgress !== undefined && { onProgress }),
      ...extras,
    }).boot(),
  );
  return { title: source.title, notes: source.notes ?? [], plugin, machine };
}
