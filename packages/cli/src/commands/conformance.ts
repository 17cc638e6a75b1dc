import { type OutcomeKind, type Report, type Result, runConformance } from '@vmemmap/conformance';
import { type ArchPlugin, isVmemmapError, VmemmapError } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { parseConfigOption } from '../config-option.ts';
import { readKnownFailures } from '../known-failures.ts';
import type { Colors } from '../output/colors.ts';
import { guarded, importPlugins } from '../plugins.ts';
import { oneLine } from '../report-error.ts';
import type { Session } from '../session.ts';

interface Arguments {
  readonly name: string;
  readonly config?: readonly string[];
  readonly 'known-failures'?: string;
}

/** `vmemmap conformance`: the conformance kit without a test runner. */
export const conformance: Command<Arguments> = {
  usage: 'conformance <name>',
  about: 'test a plugin against the contract, clause by clause',
  examples: [
    ['conformance x86', 'a built-in plugin, default configuration'],
    ['conformance x86 --config no-la57,pti', 'one more configuration'],
    ['conformance ./my-arch.js', 'a plugin of your own'],
    ['conformance ./my-arch.js --known-failures known.json', 'some clauses are broken on purpose'],
  ],
  options: {
    config: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'one more configuration beside the default, as la57=false,pse; repeatable',
    },
    'known-failures': {
      type: 'string',
      requiresArg: true,
      describe: 'clauses broken on purpose: a JSON file {"FREE-7": "why"}; one that holds after all fails',
    },
  },
  positionals: { name: 'a name that `vmemmap arches` lists, or an ES module' },

  async run(args: Arguments, session: Session): Promise<number> {
    const { name, config = [], 'known-failures': file } = args;
    const configs = [{}, ...config.map((text) => parseConfigOption([text]))];
    const knownFailures = file === undefined ? [] : readKnownFailures(file);
    const reports = (await pluginsOf(name, session)).map((plugin) => {
      // What no machine can be made of is no plugin; everything after that is for the clauses to say.
      for (const one of configs) guarded(plugin, () => plugin(one));
      return runConformance(plugin, { configs, knownFailures });
    });
    if (session.json) session.printJson({ reports: reports.map(reportJson) });
    else session.print(reports.map((report) => reportText(report, session.colors)).join('\n\n'));
    return reports.every(({ ok }) => ok) ? EXIT.ok : EXIT.differs;
  },
};

async function pluginsOf(name: string, { registry, io }: Session): Promise<readonly ArchPlugin[]> {
  const { names } = registry;
  if (names.includes(name)) return [registry.find(name)];
  try {
    return await importPlugins(name, io.cwd);
  } catch (error) {
    // What looks like a file or a URL was not meant to be a name.
    if (!isVmemmapError(error) || /[./\\:]/.test(name)) throw error;
    const line = `${oneLine(error.message)}; registered are ${names.join(', ')}; write a file like ./my-arch.js`;
    throw new VmemmapError('BAD_PLUGIN', line, '@vmemmap/cli');
  }
}

const WORDS: Readonly<Record<OutcomeKind, string>> = {
  passed: 'ok',
  failed: 'FAILED',
  'known-failure': 'known failure',
  'unexpected-pass': 'UNEXPECTED PASS',
  'not-applicable': 'not applicable',
};
const WIDTH = Math.max(...Object.values(WORDS).map(({ length }) => length));

function reportText({ plugin, results, totals }: Report, colors: Colors): string {
  const lines: string[] = [];
  let label = '';
  for (const result of results) {
    if (result.label !== label) {
      label = result.label;
      lines.push(colors.bold(label));
    }
    lines.push(...resultLines(result, colors));
  }
  const counts = (Object.keys(WORDS) as OutcomeKind[]).filter((kind) => totals[kind] > 0);
  return [...lines, `${plugin}: ${counts.map((kind) => `${totals[kind]} ${WORDS[kind]}`).join(', ')}`].join('\n');
}

function resultLines({ clause, kind, message }: Result, colors: Colors): string[] {
  const color = { passed: colors.green, 'not-applicable': colors.dim, 'known-failure': colors.yellow } as const;
  const paint = kind in color ? color[kind as keyof typeof color] : colors.red;
  const level = clause.level === 'recommended' ? ' (recommended)' : '';
  const head = `  ${paint(WORDS[kind].padEnd(WIDTH))}  ${clause.id}  ${clause.title}${level}`;
  return message === '' ? [head] : [head, ...message.split('\n').map((line) => `      ${line}`)];
}

function reportJson({ plugin, results, totals, ok }: Report): object {
  return {
    plugin,
    ok,
    totals,
    results: results.map(({ label, clause, kind, message }) => ({ label, ...clause, outcome: kind, message })),
  };
}
