import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ArchPlugin, isVmemmapError } from '@vmemmap/core';
import { type CaptureResult, checkCapture } from '../captures/check.ts';
import type { Clause } from '../clause.ts';
import { clauses as allClauses } from '../clauses/index.ts';
import { parseKnownFailures } from '../known-failures.ts';
import { selectClauses } from '../options.ts';
import { reportJson } from '../report/json.ts';
import { reportJunit } from '../report/junit.ts';
import { reportText } from '../report/text.ts';
import { type Report, runConformance } from '../run.ts';
import { type CommandArguments, FROM, HELP, parseArguments } from './arguments.ts';
import { parseConfig } from './config.ts';
import { guarded } from './guarded.ts';
import { importPlugin } from './import-plugins.ts';
import { readText } from './read-text.ts';

/** What the command has of the world around it. */
export interface CommandIo {
  /** Takes what the command answers. */
  readonly stdout: (text: string) => void;
  /** Takes errors. */
  readonly stderr: (text: string) => void;
  /** Folder that plugins are looked up from. */
  readonly cwd: string;
}

/**
 * The command `vmemmap-conformance`, without any test runner.
 * @param argv arguments, without node and script
 * @returns the exit code: 0 all holds, 1 it does not, 2 bad input
 */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await obey(parseArguments(argv), io);
  } catch (error) {
    // A mistake of ours has a stack to report, one of the caller has a sentence.
    if (!isVmemmapError(error) && !isSystemError(error)) throw error;
    const line = error.message.replace(/^@vmemmap\/(core|conformance): /, '').replace(/^@vmemmap\//, '');
    io.stderr(`vmemmap-conformance: ${line}\n`);
    if (argv.includes('--json'))
      io.stdout(`${JSON.stringify({ error: { code: error.code, message: line } }, null, 2)}\n`);
    return 2;
  }
}

async function obey(args: CommandArguments, io: CommandIo): Promise<number> {
  if (args.help) {
    io.stdout(HELP);
    return 0;
  }
  const clauses = args.clauses.length === 0 ? allClauses : selectClauses(args.clauses);
  const plugins = args.plugin === undefined ? [] : [await importPlugin(args.plugin, io.cwd, FROM)];
  if (args.list) {
    io.stdout(listOf(clauses, plugins));
    return 0;
  }
  const { knownFailures: file, releases } = args;
  const knownFailures = file === undefined ? [] : parseKnownFailures(readText(resolve(io.cwd, file), FROM), file);
  const captures = args.captures.map((name) => ({ name, text: readText(resolve(io.cwd, name), FROM) }));
  const reports: Report[] = [];
  const compared: CaptureResult[] = [];
  for (const plugin of plugins) {
    const configs = configsOf(args, plugin);
    // What no machine can be made of is no plugin; everything after that is for the clauses to say.
    for (const config of configs) guarded(plugin, FROM, () => plugin(config));
    reports.push(runConformance(plugin, { configs, clauses, knownFailures, ...(releases.length > 0 && { releases }) }));
    compared.push(...captures.map((capture) => checkCapture(plugin, capture)));
  }
  write(args, io, reports, compared);
  return [...reports, ...compared].every(({ ok }) => ok) ? 0 : 1;
}

function configsOf({ configs, variants }: CommandArguments, plugin: ArchPlugin): readonly Record<string, unknown>[] {
  const own = variants ? plugin.variants.map(({ config }) => config) : [{}];
  return [...own, ...configs.map((text) => parseConfig([text], FROM))];
}

function listOf(clauses: readonly Clause[], plugins: readonly ArchPlugin[]): string {
  const archs = plugins.map((plugin) => guarded(plugin, FROM, () => plugin({})));
  return clauses
    .filter((clause) => archs.length === 0 || archs.some((arch) => clause.applies(arch)))
    .map(({ id, level, title }) => `${id.padEnd(8)}  ${level.padEnd(11)}  ${title}\n`)
    .join('');
}

function write(
  { json, junit }: CommandArguments,
  io: CommandIo,
  reports: readonly Report[],
  captures: readonly CaptureResult[],
): void {
  if (junit !== undefined && junit !== '-') writeFileSync(resolve(io.cwd, junit), reportJunit(reports, captures));
  if (junit === '-') io.stdout(reportJunit(reports, captures));
  else if (json) io.stdout(`${JSON.stringify({ reports: reports.map(reportJson), captures }, null, 2)}\n`);
  else
    io.stdout([...reports.map((report) => reportText(report)), ...captures.map(captureText)].join('\n\n').concat('\n'));
}

function captureText({ name, ok, message }: CaptureResult): string {
  return ok ? `${name}: equal` : message;
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
