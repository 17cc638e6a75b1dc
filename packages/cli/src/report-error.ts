import { isVmemmapError, type VmemmapErrorCode } from '@vmemmap/core';
import { EXIT } from './command.ts';
import type { Io } from './io.ts';
import { jsonText } from './output/json.ts';
import { printable } from './output/printable.ts';

/** The kernel that was asked for stopped: an outcome, not a mistake in what was asked. */
const STOPPED: readonly VmemmapErrorCode[] = ['KERNEL_PANIC', 'KERNEL_BUG'];

/** True when an error is the end of the modelled kernel. */
export function kernelStopped(error: unknown): boolean {
  return isVmemmapError(error) && STOPPED.includes(error.code);
}

/**
 * A message as one line, whatever it holds. That core, the kit or this command speaks needs no mention; that a plugin does,
 * does.
 */
export function oneLine(message: string): string {
  return printable(message.replace(/^@vmemmap\/(core|cli|conformance): /, '').replace(/^@vmemmap\/([^:]+: )/, '$1'));
}

/**
 * Reports what ended the command.
 * @param rest what had been found by then, for JSON
 * @returns the exit code
 */
export function reportError(error: unknown, io: Io, json: boolean, rest: object = {}): number {
  const { code, message, exit } = describe(error);
  const line = oneLine(message);
  io.stderr.write(`vmemmap: ${line}\n`);
  if (json) io.stdout.write(`${jsonText({ error: { code, message: line }, ...rest })}\n`);
  return exit;
}

function describe(error: unknown): { code: string; message: string; exit: number } {
  if (isVmemmapError(error)) {
    const { code, message } = error;
    return { code, message, exit: kernelStopped(error) ? EXIT.differs : EXIT.badInput };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError && /allocation failed|array length/i.test(message)) {
    return {
      code: 'OUT_OF_MEMORY',
      message: 'the tables of this machine need more memory than this process can have; try less RAM or larger pages',
      exit: EXIT.badInput,
    };
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    // From the file system; the message names the file.
    return { code: String(error.code), message, exit: EXIT.badInput };
  }
  return {
    code: 'BUG',
    message: `${message}; this is a bug of vmemmap or of a plugin, please report it`,
    exit: EXIT.bug,
  };
}
