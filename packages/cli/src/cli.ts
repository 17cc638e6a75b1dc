/**
 * `@vmemmap/cli`: the `vmemmap` command as a function.
 *
 * @packageDocumentation
 */
import { releases as knownReleases, VmemmapError } from '@vmemmap/core';
import yargs, { type Argv } from 'yargs';
import { type Command, EXIT } from './command.ts';
import { arches } from './commands/arches.ts';
import { audit } from './commands/audit.ts';
import { capture } from './commands/capture.ts';
import { compare } from './commands/compare.ts';
import { completion } from './commands/completion.ts';
import { conformance } from './commands/conformance.ts';
import { diff } from './commands/diff.ts';
import { pages } from './commands/pages.ts';
import { populate } from './commands/populate.ts';
import { releases } from './commands/releases.ts';
import { run as runCommand } from './commands/run.ts';
import { tables } from './commands/tables.ts';
import { translate } from './commands/translate.ts';
import { trim } from './commands/trim.ts';
import type { Io } from './io.ts';
import { nearest } from './nearest.ts';
import { colorsFor } from './output/colors.ts';
import { builtInNames, loadRegistry } from './plugins.ts';
import { STDIN } from './read-text.ts';
import { reportError } from './report-error.ts';
import { Session } from './session.ts';
import { version } from './version.ts';

export type { Io, Output } from './io.ts';

const COMMANDS: readonly Command[] = [
  populate,
  runCommand,
  diff,
  translate,
  tables,
  compare,
  audit,
  pages,
  capture,
  trim,
  conformance,
  arches,
  releases,
  completion,
];

/** What the options of every command parse to, before a command looks at its own. */
interface CommonArguments {
  readonly plugin?: readonly string[];
  readonly [option: string]: unknown;
}

/** What the command line asks for. */
interface Parsed {
  /** Help, version or completion; empty when a command is to run. */
  readonly text: string;
  readonly command: Command | undefined;
  readonly args: CommonArguments;
}

/**
 * Runs the command.
 * @param argv arguments, without node and script
 * @returns the exit code: 0 fine or equal, 1 differs or not satisfied, 2 bad input, 3 an audited machine is broken, 70 a bug
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  // Known before parsing, for errors of parsing.
  const json = jsonAsked(argv);
  try {
    // yargs would make an empty word of it.
    const words = argv.map((word) => (word === '-' ? STDIN : word));
    const { text, command, args } = await parse(words, io);
    if (command === undefined) {
      io.stdout.write(`${json ? JSON.stringify({ text }) : text}\n`);
      return EXIT.ok;
    }
    const registry = await loadRegistry(args.plugin ?? [], io.cwd);
    return await command.run(args as never, new Session(io, json, colorsFor(io), registry));
  } catch (error) {
    return reportError(error, io, json);
  }
}

async function parse(argv: readonly string[], io: Io): Promise<Parsed> {
  let command: Command | undefined;
  let args: CommonArguments = {};
  let text = '';
  let failure: unknown;
  let word: unknown;
  const completing = argv.includes('--get-yargs-completions');
  if (!completing) checkBooleans(argv);
  const parser = COMMANDS.reduce(
    (all, one) =>
      all.command(
        one.usage,
        one.about,
        (y) => describe(y, one, completing),
        (parsed) => {
          command = one;
          args = parsed;
        },
      ),
    base(io),
  );
  await parser.parseAsync(argv, {}, (error: unknown, parsed: { _?: readonly unknown[] }, output: string) => {
    failure = error;
    word = parsed._?.[0];
    text = output;
  });
  if (failure && word !== undefined) checkCommand(String(word));
  if (failure) throw new VmemmapError('BAD_ARGUMENT', usageError(failure), '@vmemmap/cli');
  checkRepeated(args, command);
  return { text, command, args };
}

function base(io: Io): Argv {
  const parser = yargs()
    .scriptName('vmemmap')
    .usage('$0 <command>\n\nAn executable model of how Linux backs its vmemmap.')
    .detectLocale(false)
    .parserConfiguration({
      // Addresses have more digits than a double; a value ends its option, so that positionals can follow.
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      // It would take any option, and leave an undefined value behind. --no-verify is an option of its own.
      'boolean-negation': false,
    })
    .option('json', { type: 'boolean', default: false, describe: 'JSON on stdout and nothing else' })
    .option('plugin', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'load architectures: a package, a module, or the folder of a package; repeatable',
    })
    .version(version())
    .help()
    .alias('help', 'h')
    .strict()
    .demandCommand(1, 'no command given')
    .exitProcess(false)
    .showHelpOnFail(false)
    .wrap(Math.min(io.stdout.columns ?? 100, 120));
  for (const one of COMMANDS) parser.example(`$0 ${one.examples[0]![0]}`, one.examples[0]![1]);
  return parser;
}

function describe(parser: Argv, { usage, about, options, positionals, examples }: Command, completing: boolean): Argv {
  parser.usage(`$0 ${usage}\n\n${about}`).options(options);
  if (completing) {
    // For the shell only: when a command runs, plugins may add to them, and a wrong name has an error of its own.
    if ('release' in options) parser.choices('release', [...knownReleases.map(({ name }) => name)]);
    if ('arch' in options) parser.choices('arch', builtInNames);
  }
  for (const [name, text] of Object.entries(positionals ?? {})) {
    parser.positional(name, { type: 'string', describe: text });
  }
  for (const [line, text] of examples) parser.example(`$0 ${line}`, text);
  return parser;
}

function usageError(failure: unknown): string {
  const message = failure instanceof Error ? failure.message : String(failure);
  const first = message.split('\n')[0]!;
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}; see vmemmap --help`;
}

// yargs calls a wrong name an unknown argument.
function checkCommand(word: string): void {
  const names = COMMANDS.map(({ usage }) => usage.split(' ')[0]!);
  if (names.includes(word)) return;
  const near = nearest(word, names);
  const hint = near === undefined ? `choose one of ${names.join(', ')}` : `did you mean ${near}? See vmemmap --help`;
  throw new VmemmapError('BAD_ARGUMENT', `no command ${JSON.stringify(word)}; ${hint}`, '@vmemmap/cli');
}

/** Options that every command has and that are on or off. */
const COMMON_BOOLEANS: readonly string[] = ['json', 'help', 'h', 'version'];

// The words that can be options.
function optionWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

// The last --json counts.
function jsonAsked(argv: readonly string[]): boolean {
  const words = optionWords(argv);
  const last = words.reduce((found, word, n) => (/^--json(=|$)/.test(word) ? n : found), -1);
  return words[last] === '--json=true' || (words[last] === '--json' && words[last + 1] !== 'false');
}

// yargs takes any value of an option that is on or off for "off", and runs the command all the same.
function checkBooleans(argv: readonly string[]): void {
  const names = new Set(COMMON_BOOLEANS);
  for (const { options } of COMMANDS) {
    for (const [name, { type }] of Object.entries(options)) if (type === 'boolean') names.add(name);
  }
  for (const word of optionWords(argv)) {
    const [, name, value] = /^--?([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || !names.has(name) || value === 'true' || value === 'false') continue;
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `--${name} is on or off and takes no value ${JSON.stringify(value)}; see vmemmap --help`,
      '@vmemmap/cli',
    );
  }
}

// yargs makes a list of an option that is given twice.
function checkRepeated(args: CommonArguments, command: Command | undefined): void {
  for (const [name, option] of Object.entries(command?.options ?? {})) {
    if (option.array !== true && Array.isArray(args[name])) {
      throw new VmemmapError('BAD_ARGUMENT', `--${name} is given more than once`, '@vmemmap/cli');
    }
  }
}
