import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal } from './refusal.ts';

/**
 * Writes files into a folder that is not there yet, or is empty.
 * @throws Refusal when it is neither; nothing is written then
 */
export function writePackage(folder: string, files: ReadonlyMap<string, string>): void {
  if (!isFree(folder)) throw new Refusal(`${folder} is there and not empty: choose another name or remove it`);
  for (const [path, text] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function isFree(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A file of that name is in the way, too.
    if (code === 'ENOTDIR') return false;
    if (code === 'ENOENT') return true;
    throw error;
  }
}
