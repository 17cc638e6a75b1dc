import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  clauses as allClauses,
  type ReportPaint,
  reportJson,
  reportJunit,
  reportText,
  runConformance,
  selectClauses,
} from '@vmemmap/conformance';
import { type ArchPlugin, isVmemmapError, VmemmapError } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { parseConfigOption } from '../config-option.ts';
import { readKnownFailures } from '../known-failures.ts';
import type { Colors } from '../output/colors.ts';
import { guarded, importPlugin } from '../plugins.ts';
import { oneLine } from '../report-error.ts';
import type { Session } from '../session.ts';

interface Arguments {
  readonly name: string;
  readonly config?: readonly string[];
  readonly variants?: boolean;
  readonly release?: readonly string[];
  readonly clause?: readonly string[];
  readonly 'known-failures'?: string;
  readonly junit?: string;
}

/** `vmemmap conformance`: the conformance kit without a test runner. */
export const conformance: Command<Arguments> = {
  usage: 'conformance <name>',
  about: 'test a plugin against the contract, clause by clause',
  examples: [
    ['conformance x86', 'a built-in plugin, default configuration'],
    ['conformance x86 --config no-la57,pti', 'one more configuration'],
    ['conformance ./my-arch.js', 'a plugin of your own'],
    ['conformance x86 --release 6.12 --release 7.3', 'on two releases, without the default one'],
    ['conformance ./my-arch.js --variants --clause MAP-*', 'some clauses, all configurations it names'],
    ['conformance ./my-arch.js --known-failures known.txt', 'some clauses are broken on purpose'],
  ],
  options: {
    config: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'one more configuration beside the default, as la57=false,pse; repeatable',
    },
    variants: { type: 'boolean', describe: 'all configurations that the plugin names itself, in place of its default' },
    release: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'on this release in place of the default one, see `vmemmap releases`; repeatable',
    },
    clause: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'only these clauses: MAP-1,ALT-*; repeatable',
    },
    'known-failures': {
      type: 'string',
      requiresArg: true,
      describe: 'clauses broken on purpose: a file with lines such as FREE-7  # why; one that holds after all fails',
    },
    junit: { type: 'string', requiresArg: true, describe: 'also write the report as JUnit XML to this file' },
  },
  positionals: { name: 'a name that `vmemmap arches` lists, or what --plugin takes' },

  async run(args: Arguments, session: Session): Promise<number> {
    const {
      name,
      config = [],
      variants = false,
      release: releases = [],
      clause = [],
      'known-failures': file,
      junit,
    } = args;
    const clauses = clause.length === 0 ? allClauses : selectClauses(clause);
    const knownFailures = file === undefined ? [] : readKnownFailures(file);
    const plugin = await pluginOf(name, session);
    const own = variants ? plugin.variants.map((variant) => variant.config) : [{}];
    const configs = [...own, ...config.map((text) => parseConfigOption([text]))];
    // What no machine can be made of is no plugin; everything after that is for the clauses to say.
    for (const one of configs) guarded(plugin, () => plugin(one));
    const options = { configs, clauses, knownFailures, ...(releases.length > 0 && { releases }) };
    const report = runConformance(plugin, options);
    if (junit !== undefined) writeFileSync(resolve(session.io.cwd, junit), reportJunit([report]));
    if (session.json) session.printJson({ reports: [reportJson(report)] });
    else session.print(reportText(report, paintOf(session.colors)));
    return report.ok ? EXIT.ok : EXIT.differs;
  },
};

async function pluginOf(name: string, { registry, io }: Session): Promise<ArchPlugin> {
  const { names } = registry;
  if (names.includes(name)) return registry.find(name);
  try {
    return await importPlugin(name, io.cwd);
  } catch (error) {
    // What looks like a file or a URL was not meant to be a name.
    if (!isVmemmapError(error) || /[./\\:#]/.test(name)) throw error;
    const line = `${oneLine(error.message)}; registered are ${names.join(', ')}`;
    throw new VmemmapError('BAD_PLUGIN', line, '@vmemmap/cli');
  }
}

function paintOf(colors: Colors): ReportPaint {
  const others = { passed: colors.green, 'not-applicable': colors.dim, 'known-failure': colors.yellow } as const;
  return {
    label: colors.bold,
    outcome: (text, kind) => (kind in others ? others[kind as keyof typeof others] : colors.red)(text),
  };
}
