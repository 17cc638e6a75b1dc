import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { trimDump } from '@vmemmap/audit';
import { VmemmapError } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { DUMP_POSITIONAL, type DumpArguments, dumpOptions, kernelOptions, openFiles } from '../dump-options.ts';
import { plural } from '../output/plural.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';

interface Arguments extends DumpArguments {
  readonly dump?: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
}

/** `vmemmap trim`: a small dump with only what an audit needs, to share. */
export const trim: Command<Arguments> = {
  usage: 'trim <dump..>',
  about: 'write a small dump with only what an audit needs, to share',
  examples: [
    ['trim vmcore --out small.core', 'page tables, mem_section and a few struct pages; no memory of processes'],
    ['audit small.core', 'says the same as of the whole one'],
  ],
  options: {
    ...dumpOptions,
    out: { type: 'string', requiresArg: true, describe: 'file to write, an ELF core (required)' },
    force: { type: 'boolean', default: false, describe: 'write over a file that is there' },
  },
  positionals: { dump: DUMP_POSITIONAL },

  run(args: Arguments, session: Session): number {
    const { out, dump: files = [] } = args;
    if (out === undefined)
      throw new VmemmapError('BAD_ARGUMENT', 'trim writes a file; name it with --out', '@vmemmap/cli');
    const path = resolve(session.io.cwd, out);
    const trimmed = trimDump(
      (onPage) => openFiles(files, args, session, onPage === undefined ? {} : { onPage }),
      session.registry.plugins,
      kernelOptions(args),
    );
    let bytes = 0;
    try {
      const file = openSync(path, args.force === true ? 'w' : 'wx');
      try {
        for (const part of trimmed.parts()) bytes += writeSync(file, part);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST')
        throw new VmemmapError(
          'BAD_ARGUMENT',
          `${out} is there already; choose another name, or --force`,
          '@vmemmap/cli',
        );
      throw error;
    } finally {
      trimmed.close();
    }
    if (session.json) session.printJson({ out, pages: trimmed.pages, pageSize: trimmed.pageSize, bytes });
    else session.print(`${out}: ${plural(trimmed.pages, 'page')}, ${sizeText(bytes)}`);
    return EXIT.ok;
  },
};
