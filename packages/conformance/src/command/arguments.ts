import { parseArgs } from 'node:util';
import { VmemmapError } from '@vmemmap/core';

/** The package, for errors. */
export const FROM = '@vmemmap/conformance';

/** What a command line asks for. */
export interface CommandArguments {
  readonly help: boolean;
  readonly list: boolean;
  /** The plugin's module; undefined when only a list or help is asked for. */
  readonly plugin: string | undefined;
  readonly configs: readonly string[];
  readonly variants: boolean;
  readonly releases: readonly string[];
  readonly clauses: readonly string[];
  readonly knownFailures: string | undefined;
  readonly captures: readonly string[];
  readonly json: boolean;
  /** File for the JUnit report, `-` for standard output. */
  readonly junit: string | undefined;
}

/** What --help says. */
export const HELP = `vmemmap-conformance <plugin> [options]

Tests a vmemmap architecture plugin against the contract, clause by clause. <plugin> is what exports one: a module such
as ./my-plugin.js, the folder of a package, or a package that is installed. Of several, choose: ./my-plugins.js#name.

  --config <k=v,…>         one more configuration beside the default, as la57=false,no-pse; repeatable
  --variants               all configurations that the plugin names itself
  --release <name>         on this release in place of the default one; repeatable
  --clause <ids>           only these: MAP-1,ALT-*; repeatable
  --known-failures <file>  clauses broken on purpose, one on a line: FREE-7  # why
  --captures <files…>      compare with captures of real kernels, too
  --json                   the report as JSON
  --junit <file>           the report as JUnit XML; - writes it in place of the text
  --list                   the clauses, without checking any; those that apply, where a plugin is given
  --help

Exit codes: 0 every clause holds or is a known failure; 1 one is broken, or a known failure holds; 2 bad input.

  npx @vmemmap/conformance ./my-plugin.js
  npx @vmemmap/conformance ./my-plugin.js --variants --junit report.xml
  npx @vmemmap/conformance ./my-plugin.js --clause MAP-*,FREE-7 --config pageSize=65536
  npx @vmemmap/conformance ./my-plugin.js --known-failures known.txt --captures fixtures/*.json
`;

/**
 * Reads a command line.
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseArguments(argv: readonly string[]): CommandArguments {
  const { values, positionals } = parse(argv);
  const [plugin, ...rest] = positionals;
  const { help = false, list = false, captures = [] } = values;
  if (plugin === undefined && !help && !list)
    wrong('no plugin is given; write npx @vmemmap/conformance ./my-plugin.js');
  // A shell makes many words of fixtures/*.json.
  if (rest.length > 0 && captures.length === 0)
    wrong(`${JSON.stringify(rest[0])} is one plugin too many; give one, and captures after --captures`);
  for (const name of ['known-failures', 'junit'] as const)
    if ((values[name]?.length ?? 0) > 1) wrong(`--${name} is given more than once`);
  const junit = values.junit?.[0];
  if (values.json === true && junit === '-')
    wrong('--json and --junit - both want standard output; give --junit a file');
  return {
    help,
    list,
    plugin,
    configs: values.config ?? [],
    variants: values.variants ?? false,
    releases: values.release ?? [],
    clauses: values.clause ?? [],
    knownFailures: values['known-failures']?.[0],
    captures: [...captures, ...rest],
    json: values.json ?? false,
    junit,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        list: { type: 'boolean' },
        config: { type: 'string', multiple: true },
        variants: { type: 'boolean' },
        release: { type: 'string', multiple: true },
        clause: { type: 'string', multiple: true },
        'known-failures': { type: 'string', multiple: true },
        captures: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        junit: { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return wrong(`${message.split('. ')[0]!.replace(/\n.*/s, '')}; see --help`);
  }
}

function wrong(what: string): never {
  throw new VmemmapError('BAD_ARGUMENT', what, FROM);
}
