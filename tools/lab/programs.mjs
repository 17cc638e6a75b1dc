// @ts-check
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LabError } from './lab-error.mjs';

/**
 * Where a program is.
 * @param {string} name
 * @param {string} hint what to do when it is missing
 * @param {readonly string[]} [folders]
 * @returns {string}
 */
export function programPath(name, hint, folders = searched()) {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next folder may have it.
    }
  }
  throw new LabError(`${name} is missing: ${hint}`);
}

function searched() {
  const { PATH = '' } = process.env;
  return PATH.split(delimiter);
}

/**
 * What a program prints. For large or binary output as well.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, input?: Uint8Array }} [options]
 * @returns {Buffer}
 */
export function outputOf(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...options, maxBuffer: 2 ** 30 });
  if (error !== undefined) throw new LabError(`${program} cannot be run: ${error.message}`);
  if (status === 0) return stdout;
  const lines = stderr.toString().trim().split('\n');
  const first = lines.find((line) => line.startsWith('E: ')) ?? lines[0];
  throw new LabError(`${program} ${args.at(-1)} failed (${status}): ${first}`);
}
