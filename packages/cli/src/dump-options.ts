import { resolve } from 'node:path';
import { type DumpKernel, type KernelOptions, openKernel } from '@vmemmap/audit';
import { isVmemmapError, VmemmapError } from '@vmemmap/core';
import type { Dump, OpenOptions } from '@vmemmap/vmcore';
import { openDump, openRawFile, type RawPart } from '@vmemmap/vmcore/node';
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
  readonly raw?: readonly string[];
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
  raw: {
    type: 'string',
    array: true,
    requiresArg: true,
    group: GROUP,
    describe: 'the file is memory as it is (pmemsave): START, or START:LENGTH@OFFSET for each part of it; repeatable',
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
 * Opens a dump. Raw memory does not say which end of a number comes first: that in which it has VMCOREINFO.
 * @throws VmemmapError `BAD_ARGUMENT`, and as reading the file does
 */
export function openFiles(
  files: readonly string[],
  { raw, vmcoreinfo }: DumpArguments,
  { io }: Pick<Session, 'io'>,
  options: OpenOptions,
): Dump {
  const paths = files.map((file) => resolve(io.cwd, file));
  if (paths.length === 0) throw bad('no dump is given; name its file');
  if (raw === undefined) return openDump(paths, options);
  if (paths.length > 1) throw bad('raw memory is one file; say with --raw what lies where in it');
  const parts = raw.map(rawPart);
  const at = vmcoreinfo === undefined ? undefined : parseWholeNumber(vmcoreinfo, '--vmcoreinfo', 0);
  const open = (byteOrder: 'big' | 'little'): Dump =>
    openRawFile(paths[0]!, parts, { ...options, byteOrder, machine: '' });
  const dump = open('big');
  try {
    dump.vmcoreinfo(at);
    return dump;
  } catch (error) {
    dump.close();
    if (!isVmemmapError(error)) throw error;
    return open('little');
  }
}

/** START, START:LENGTH or START:LENGTH@OFFSET. */
function rawPart(text: string): RawPart {
  const [, start, length, offset] = /^(\w+)(?::(\w+)(?:@(\w+))?)?$/.exec(text) ?? [];
  if (start === undefined) throw bad(`--raw must be START, START:LENGTH or START:LENGTH@OFFSET, not ${text}`);
  const number = (part: string | undefined): number | undefined =>
    part === undefined ? undefined : parseWholeNumber(part, '--raw', 0);
  const [bytes, place] = [number(length), number(offset)];
  return {
    start: number(start)!,
    ...(bytes !== undefined && { length: bytes }),
    ...(place !== undefined && { offset: place }),
  };
}

function bad(message: string): VmemmapError {
  return new VmemmapError('BAD_ARGUMENT', message, '@vmemmap/cli');
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
  const dump = openFiles(files, args, session, options);
  try {
    const kernel = openKernel(dump, session.registry.plugins, kernelOptions(args));
    return await use(kernel);
  } finally {
    dump.close();
  }
}
