import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder that lives as long as the tests of this file. */
export const temporaryFolder: string = mkdtempSync(join(tmpdir(), 'vmemmap-cli-'));
afterAll(() => rmSync(temporaryFolder, { recursive: true }));

/** Writes a file into it and returns the path. */
export function temporaryFile(name: string, text: string): string {
  const path = join(temporaryFolder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
