import {
  type ArchPlugin,
  DEFAULT_CHANGES,
  diffRuns,
  findRelease,
  isVmemmapError,
  type RunDiff,
  runScenario,
  type Scenario,
  type ScenarioRun,
  VmemmapError,
} from '@vmemmap/core';
import { ALL_ARCHES } from '../build-machine.ts';
import { type Command, EXIT } from '../command.ts';
import { parseConfigOption } from '../config-option.ts';
import { diffText } from '../output/diff-text.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import { oneLine } from '../report-error.ts';
import { onArch, readScenarioFile, scenarioPlugin } from '../scenario-options.ts';
import type { Session } from '../session.ts';
import { parseWholeNumber } from '../whole-number.ts';

interface Arguments {
  readonly scenarios: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly 'from-config'?: readonly string[];
  readonly 'to-config'?: readonly string[];
  readonly arch?: string;
  readonly 'from-arch'?: string;
  readonly 'to-arch'?: string;
  readonly most: string;
}

/** One side of a difference. */
interface Side {
  readonly plugin: ArchPlugin;
  readonly release: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
}

/** One scenario on one architecture. */
interface Result {
  readonly scenario: string;
  /** Not there when the file is no scenario. */
  readonly arch?: string;
  readonly diff?: RunDiff;
  readonly runs?: readonly [ScenarioRun, ScenarioRun];
  /** Why it could not be run at all. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** `vmemmap diff`: a scenario twice, and what is otherwise the second time. */
export const diff: Command<Arguments> = {
  usage: 'diff <scenarios..>',
  about: 'do a scenario on two releases, configurations or architectures, and show what differs',
  examples: [
    ['diff scenario.json --from 7.3 --to series-05', 'what a patch changes'],
    ['diff captures/*.json --from 7.2 --to 7.3', 'many, also captures'],
    ['diff scenario.json --from 7.3 --to series-04 --arch all', 'on every architecture'],
    ['diff scenario.json --to-config no-la57', 'what a configuration changes'],
  ],
  options: {
    from: { type: 'string', requiresArg: true, describe: 'release of the first run (default: the scenario’s)' },
    to: { type: 'string', requiresArg: true, describe: 'release of the second run (default: the scenario’s)' },
    'from-config': { type: 'string', array: true, requiresArg: true, describe: 'configuration of the first run' },
    'to-config': { type: 'string', array: true, requiresArg: true, describe: 'configuration of the second run' },
    arch: { type: 'string', requiresArg: true, describe: 'another architecture; all: every one, one after the other' },
    'from-arch': { type: 'string', requiresArg: true, describe: 'architecture of the first run' },
    'to-arch': { type: 'string', requiresArg: true, describe: 'architecture of the second run' },
    most: {
      type: 'string',
      default: String(DEFAULT_CHANGES),
      requiresArg: true,
      describe: 'show so many differences of a scenario at most; those that are alike are one',
    },
  },
  positionals: { scenarios: 'scenarios (vmemmap-scenario/1) or captures; - for stdin' },

  run(args: Arguments, session: Session): number {
    const most = parseWholeNumber(args.most, '--most', 0);
    for (const name of [args.from, args.to]) if (name !== undefined) findRelease(name);
    if (args.from === undefined && args.to === undefined && !choosesOther(args))
      throw new VmemmapError(
        'BAD_ARGUMENT',
        'both runs would be the same; give --from and --to, or another configuration or architecture for one of them',
        '@vmemmap/cli',
      );
    const results: Result[] = [];
    for (const file of args.scenarios) results.push(...diffFile(file, args, most, session));
    // With --arch all an architecture that cannot do a step is no mistake of anybody's.
    const isMistake = ({ error, arch }: Result): boolean =>
      error !== undefined && (args.arch !== ALL_ARCHES || arch === undefined);
    for (const result of results) if (isMistake(result)) session.io.stderr.write(`vmemmap: ${result.error!.message}\n`);
    if (session.json) session.printJson({ results: results.map(resultJson) });
    else {
      const texts = results.filter((result) => !isMistake(result)).map((result) => resultText(result, session));
      if (texts.length > 0) session.print(texts.join('\n\n'));
    }
    if (results.some(isMistake) || results.every(({ error }) => error !== undefined)) return EXIT.badInput;
    return results.every(({ diff: found }) => found?.equal !== false) ? EXIT.ok : EXIT.differs;
  },
};

function choosesOther(args: Arguments): boolean {
  return [args['from-config'], args['to-config'], args['from-arch'], args['to-arch']].some((one) => one !== undefined);
}

function archesOf({ arch }: Arguments, { registry }: Session): readonly (string | undefined)[] {
  return arch === ALL_ARCHES ? registry.names : [arch];
}

// A file that cannot be read does not keep the others from it.
function diffFile(file: string, args: Arguments, most: number, session: Session): readonly Result[] {
  let scenario: Scenario;
  try {
    scenario = readScenarioFile(file).scenario;
  } catch (error) {
    return [{ scenario: file, error: errorJson(error) }];
  }
  return archesOf(args, session).map((arch) => diffOne(scenario, arch, args, most, session));
}

function errorJson(error: unknown): NonNullable<Result['error']> {
  if (!isVmemmapError(error)) throw error;
  return { code: error.code, message: oneLine(error.message) };
}

function diffOne(
  scenario: Scenario,
  arch: string | undefined,
  args: Arguments,
  most: number,
  session: Session,
): Result {
  const from: Side = {
    plugin: scenarioPlugin(scenario, args['from-arch'] ?? arch, session),
    release: args.from,
    config: parseConfigOption(args['from-config'] ?? []),
  };
  const to: Side = {
    plugin: scenarioPlugin(scenario, args['to-arch'] ?? arch, session),
    release: args.to,
    config: parseConfigOption(args['to-config'] ?? []),
  };
  const name = from.plugin.arch === to.plugin.arch ? to.plugin.arch : `${from.plugin.arch}, ${to.plugin.arch}`;
  try {
    const runs = [from, to].map(({ plugin, release, config }) =>
      withProgress(session.io, `run ${plugin.arch}`, (report) =>
        runScenario(onArch(scenario, plugin), plugin, { release, config, onStep: report }),
      ),
    ) as [ScenarioRun, ScenarioRun];
    return { scenario: scenario.name, arch: name, diff: diffRuns(...runs, most), runs };
  } catch (error) {
    return { scenario: scenario.name, arch: name, error: errorJson(error) };
  }
}

function resultText({ scenario, arch, diff: found, runs, error }: Result, { colors }: Session): string {
  if (found !== undefined && runs !== undefined) return diffText(found, ...runs, colors);
  return colors.yellow(printable(`${scenario}: not on ${arch}: ${error?.message}`));
}

function resultJson({ runs, diff: found, ...result }: Result): object {
  if (found === undefined || runs === undefined) return result;
  const [from, to] = runs.map(({ machine }) => ({ arch: machine.arch.name, release: machine.release.name }));
  return { ...result, from, to, ...found };
}
