import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { captureDump, captureText } from '@vmemmap/audit';
import { VmemmapError } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { DUMP_POSITIONAL, type DumpArguments, dumpOptions, withDump } from '../dump-options.ts';
import { plural } from '../output/plural.ts';
import type { Session } from '../session.ts';

interface Arguments extends DumpArguments {
  readonly dump?: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
}

/** `vmemmap capture`: what the kernel of a dump built, as a capture. */
export const capture: Command<Arguments> = {
  usage: 'capture <dump..>',
  about: 'write what the kernel of a dump built, for vmemmap compare',
  examples: [
    ['capture vmcore --out machine.json', 'tables, leaves and sections, and no other memory'],
    ['compare machine.json', 'does the model build the same?'],
  ],
  options: {
    ...dumpOptions,
    out: { type: 'string', requiresArg: true, describe: 'file to write (default: the capture goes to stdout)' },
    force: { type: 'boolean', default: false, describe: 'write over a file that is there' },
  },
  positionals: { dump: DUMP_POSITIONAL },

  run(args: Arguments, session: Session): Promise<number> {
    const { out, dump = [] } = args;
    return withDump(dump, args, session, (kernel) => {
      const { capture: made, notes } = captureDump(kernel, `${kernel.plugin.arch}/dump`);
      const text = captureText(made);
      if (out === undefined) {
        session.print(text.trimEnd());
        return EXIT.ok;
      }
      writeNew(resolve(session.io.cwd, out), out, text, args.force === true);
      const { leaves, sections, tables } = made.expected;
      const count = (runs: readonly { readonly count: number }[]): number =>
        runs.reduce((sum, run) => sum + run.count, 0);
      const counts = { leaves: count(leaves), tables: tables.length, sections: count(sections) };
      if (session.json) session.printJson({ out, ...counts, notes });
      else {
        session.print(
          `${out}: ${plural(counts.leaves, 'leaf', 'leaves')}, ${plural(counts.tables, 'table')}, ${plural(counts.sections, 'section')}`,
        );
        for (const note of notes) session.print(`  ${note}`);
      }
      return EXIT.ok;
    });
  },
};

function writeNew(path: string, name: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new VmemmapError('BAD_ARGUMENT', `${name} is there already; choose another name, or --force`, '@vmemmap/cli');
  }
}
