import {
  type ArchPlugin,
  defaultRelease,
  type FailureRule,
  findRelease,
  Machine,
  type Trace,
  VmemmapError,
} from '@vmemmap/core';
import { parseConfigOption } from './config-option.ts';
import { type MachineArguments, machineSource } from './machine-options.ts';
import type { MachineSource } from './machine-source/source.ts';
import { withProgress } from './output/progress.ts';
import type { Session } from './session.ts';

/** What a machine is of unless something says otherwise. */
export const DEFAULT_ARCH = 'x86';

/** `--arch all` is no architecture but every one there is. Only populate and diff take it. */
export const ALL_ARCHES = 'all';

/** A machine and where it came from. */
export interface BuiltMachine {
  readonly title: string;
  readonly notes: readonly string[];
  readonly plugin: ArchPlugin;
  readonly machine: Machine;
}

/** A machine that has not booted yet. */
export interface PreparedMachine extends BuiltMachine {
  /** @throws VmemmapError `KERNEL_PANIC`; the machine is then as it was at that moment */
  boot(): BuiltMachine;
}

/** What only some commands want of a boot. */
export interface BootExtras {
  readonly trace?: Trace;
  readonly failures?: readonly FailureRule[];
}

/** Builds and boots the machine that the options describe. Options win over what a file says. */
export function buildMachine(args: MachineArguments, session: Session): BuiltMachine {
  return prepareMachine(args, session).boot();
}

/** Builds the machine that the options describe, for the caller to boot. */
export function prepareMachine(args: MachineArguments, session: Session, extras: BootExtras = {}): PreparedMachine {
  const { names } = session.registry;
  if (args.arch === ALL_ARCHES && !names.includes(ALL_ARCHES)) {
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `--arch all goes with populate and diff only; name one architecture of ${names.join(', ')}`,
      '@vmemmap/cli',
    );
  }
  const source = machineSource(args);
  const plugin = session.registry.find(args.arch ?? source.arch ?? DEFAULT_ARCH);
  return prepareMachineOf(plugin, source, args, session, extras);
}

/** The same of an architecture and a source that are known. */
export function prepareMachineOf(
  plugin: ArchPlugin,
  source: MachineSource,
  args: MachineArguments,
  session: Session,
  extras: BootExtras = {},
): PreparedMachine {
  // What a file says of one architecture is of no use to another.
  const own = (source.arch ?? plugin.arch) === plugin.arch ? source.config?.(plugin) : {};
  const arch = plugin({ ...own, ...parseConfigOption(args.config ?? []) });
  const release = args.release ?? source.release;
  const { reserved } = source;
  const memory = source.memory(arch.modelOn?.(findRelease(release ?? defaultRelease)) ?? arch.model);
  // Boot's own progress, when somebody watches.
  let progress: ((done: number, total: number) => void) | undefined;
  const machine = new Machine({
    arch,
    memory,
    ...(release !== undefined && { release }),
    ...(reserved !== undefined && { memblock: { reserved } }),
    onProgress: (done, total) => progress?.(done, total),
    ...extras,
  });
  const built = { title: source.title, notes: source.notes ?? [], plugin, machine };
  const boot = (): BuiltMachine =>
    withProgress(session.io, 'populate', (onProgress) => {
      progress = onProgress;
      machine.boot();
      return built;
    });
  return { ...built, boot };
}
