import { resolve } from 'node:path';
import { type DumpKernel, type KernelOptions, openKernel } from '@vmemmap/audit';
import { VmemmapError } from '@vmemmap/core';
import type { OpenOptions } from '@vmemmap/vmcore';
import { openDump } from '@vmemmap/vmcore/node';
import type { Options } from 'yargs';
import { parseConfigOption } from './config-option.ts';
import type { Session } from './session.ts';
import { parseWholeNumber } from './whole-number.ts';

/** What {@link dumpOptions} parse to. */
export interface DumpArguments {
  readonly arch?: string;
  readonly config?: readonly string[];
  readonly release?: string;
  readonly root?: string;
  readonly vmcoreinfo?: string;
}

const GROUP = 'The kernel of the dump (default: found out):';

/** The options of every command that reads a dump. */
export const dumpOptions: Readonly<Record<keyof DumpArguments, Options>> = {
  arch: { type: 'string', requiresArg: true, group: GROUP, describe: 'architecture, see `vmemmap arches`' },
  release: { type: 'string', requiresArg: true, group: GROUP, describe: 'kernel release, see `vmemmap releases`' },
  config: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: GROUP,
    describe: 'keys of the architecture, as la57=false,pse or no-la57; repeatable',
  },
  root: { type: 'string', requiresArg: true, group: GROUP, describe: "physical address of init_mm's root table" },
  vmcoreinfo: {
    type: 'string',
    requiresArg: true,
    group: GROUP,
    describe: 'physical address of VMCOREINFO: the first number in /sys/kernel/vmcoreinfo',
  },
};

/** What a dump is called in the help. */
export const DUMP_POSITIONAL = 'ELF core, kdump file (all parts of a split one) or /proc/kcore';

/**
 * What the options say of the kernel.
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function kernelOptions(args: DumpArguments): KernelOptions {
  return {
    ...(args.arch === undefined ? {} : { arch: args.arch }),
    ...(args.config === undefined ? {} : { config: parseConfigOption(args.config) }),
    ...(args.release === undefined ? {} : { release: args.release }),
    ...(args.root === undefined ? {} : { root: parseWholeNumber(args.root, '--root', 0) }),
    ...(args.vmcoreinfo === undefined ? {} : { vmcoreinfo: parseWholeNumber(args.vmcoreinfo, '--vmcoreinfo', 0) }),
  };
}

/**
 * Opens a dump, finds out what kernel it is of, and closes it again when `use` is done.
 * @throws VmemmapError as reading the file and `openKernel()` do
 */
export async function withDump<T>(
  files: readonly string[],
  args: DumpArguments,
  session: Session,
  use: (kernel: DumpKernel) => T | Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  if (files.length === 0) throw new VmemmapError('BAD_ARGUMENT', 'no dump is given; name its file', '@vmemmap/cli');
  const dump = openDump(
    files.map((file) => resolve(session.io.cwd, file)),
    options,
  );
  try {
    const kernel = openKernel(dump, session.registry.plugins, kernelOptions(args));
    return await use(kernel);
  } finally {
    dump.close();
  }
}
