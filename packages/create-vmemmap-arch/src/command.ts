import { join } from 'node:path';
import { ownVersion, packageFiles } from './package-files.ts';
import { Refusal } from './refusal.ts';
import { parseRequest } from './request.ts';
import { writePackage } from './write-package.ts';

/** A stream that text is written to. */
export interface TextStream {
  /** Writes text, without a line break of its own. */
  write(text: string): unknown;
}

/** Where the command writes, and the folder that it makes the package's in. */
export interface Output {
  /** Where answers go. */
  readonly stdout: TextStream;
  /** Where refusals go. */
  readonly stderr: TextStream;
  /** Absolute path. */
  readonly cwd: string;
}

const HELP = `npm create vmemmap-arch <name>

Makes the folder <name> with a package, vmemmap-<name>: the skeleton of a vmemmap architecture plugin in TypeScript, with
the conformance kit mounted. The clauses that fail are what is left to do.

  <name>         the architecture, as the kernel's arch/ folder spells it: lower-case letters and digits
  -h, --help     this text
  -v, --version  the version, that of @vmemmap/core too
`;

const DONE = (name: string, folder: string): string => `vmemmap-${name} is in ${folder}. Next:

  cd ${name}
  npm install
  npm test

The clauses that fail are what is left to do; README.md says in which order.
`;

/**
 * The command.
 * @returns the exit code: 0, or 2 when it refuses, with one sentence on stderr and nothing written
 */
export function run(args: readonly string[], { stdout, stderr, cwd }: Output): number {
  try {
    const request = parseRequest(args);
    if (request.kind === 'help') stdout.write(HELP);
    else if (request.kind === 'version') stdout.write(`${ownVersion()}\n`);
    else {
      const folder = join(cwd, request.name);
      writePackage(folder, packageFiles(request.name));
      stdout.write(DONE(request.name, folder));
    }
    return 0;
  } catch (error) {
    // What the system refuses (a folder that cannot be written to) is said as it says it.
    const { code, message } = error as NodeJS.ErrnoException;
    if (!(error instanceof Refusal) && code === undefined) throw error;
    stderr.write(`create-vmemmap-arch: ${message}\n`);
    return 2;
  }
}
