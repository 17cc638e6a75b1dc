import {
  errnoName,
  hex,
  hex64,
  OK,
  runScenario,
  type ScenarioRun,
  type StepAccount,
  type TraceStep,
  type UnsyncedEntry,
  unsyncedEntries,
} from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { parseConfigOption } from '../config-option.ts';
import { leavesText } from '../output/leaves-text.ts';
import { plural } from '../output/plural.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import { accountLines, eventText, resultText, stepText } from '../output/step-text.ts';
import { traceJson, traceText } from '../output/trace-text.ts';
import { verificationText } from '../output/verification-text.ts';
import { onArch, readScenarioFile, scenarioPlugin } from '../scenario-options.ts';
import { sectionCounts } from '../section-counts.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';
import { parseWholeNumber } from '../whole-number.ts';

interface Arguments {
  readonly scenario: string;
  readonly arch?: string;
  readonly release?: string;
  readonly config?: readonly string[];
  readonly trace: boolean;
  readonly 'trace-limit': string;
}

/** `vmemmap run`: what happens to a machine, step by step, with an account of each. */
export const run: Command<Arguments> = {
  usage: 'run <scenario>',
  about: 'boot a machine, do the steps of a scenario to it, and account for each',
  examples: [
    ['run scenario.json', 'memory added, devices mapped, huge pages optimised'],
    ['run capture.json', 'what a captured kernel was made to do'],
    ['run scenario.json --release 6.16', 'the same on another kernel'],
    ['run scenario.json --trace', 'every step of populate and free besides'],
  ],
  options: {
    arch: { type: 'string', requiresArg: true, describe: 'another architecture than the scenario names' },
    release: { type: 'string', requiresArg: true, describe: 'another release, see `vmemmap releases`' },
    config: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'other configuration: key=value, key or no-key, with commas between; repeatable',
    },
    trace: { type: 'boolean', default: false, describe: 'print the steps of populate and free' },
    'trace-limit': { type: 'string', default: '200', requiresArg: true, describe: 'print so many of them at most' },
  },
  positionals: { scenario: 'a scenario (vmemmap-scenario/1) or a capture; - for stdin' },

  run(args: Arguments, session: Session): number {
    const limit = parseWholeNumber(args['trace-limit'], '--trace-limit', 0);
    const { scenario } = readScenarioFile(args.scenario);
    const plugin = scenarioPlugin(scenario, args.arch, session);
    const trace: TraceStep[] = [];
    let traced = 0;
    const run = withProgress(session.io, 'run     ', (report) =>
      runScenario(onArch(scenario, plugin), plugin, {
        release: args.release,
        config: parseConfigOption(args.config ?? []),
        onStep: report,
        ...(args.trace && {
          trace: (step: TraceStep) => {
            if (traced++ < limit) trace.push(step);
          },
        }),
      }),
    );
    const { machine } = run;
    const found = run.boot.stopped === undefined ? machine.verify() : undefined;
    const unsynced = unsyncedEntries(machine);
    if (session.json) {
      session.printJson({
        scenario: scenario.name,
        arch: plugin.arch,
        release: machine.release.name,
        boot: accountJson(run.boot),
        steps: run.steps.map(accountJson),
        counters: machine.counters,
        cost: machine.cost(),
        unsynced: unsynced.map(({ va, ...entry }) => ({ ...entry, va: hex64(va) })),
        verification: found ?? null,
        ...(args.trace && { trace: { steps: trace.map((step) => traceJson(step, machine)), stepCount: traced } }),
      });
    } else {
      printRun(run, session);
      for (const step of trace) session.print(traceText(step, machine));
      if (traced > trace.length)
        session.print(session.colors.dim(`… ${plural(traced - trace.length, 'more step')}; see --trace-limit`));
      printEnd(run, unsynced, session);
      const shared =
        machine.hugetlb.optimized.length > 0 || machine.devices.devices.some(({ pgmap }) => pgmap.vmemmapShift > 0);
      if (found !== undefined) session.print(verificationText(found, machine.arch, session.colors, shared));
    }
    const fine = [run.boot, ...run.steps].every(isFine);
    return fine && (found?.problems.length ?? 0) === 0 ? EXIT.ok : EXIT.differs;
  },
};

function isFine({ errno, stopped }: StepAccount): boolean {
  return errno === OK && stopped === undefined;
}

function accountJson({ errno, ...account }: StepAccount): object {
  return { ...account, errno, result: errnoName(errno) };
}

function printRun({ scenario, machine, boot, steps }: ScenarioRun, session: Session): void {
  const { colors } = session;
  const page = 2 ** machine.model.pageShift;
  const title = printable(scenario.title ?? scenario.name);
  session.print(
    colors.bold(`${title}: ${machine.arch.name}, ${sizeText(machine.memory.bytes())}; ${machine.release.title}`),
  );
  const print = (head: string, account: StepAccount): void => {
    const result = resultText(account);
    session.print(`${head}  ${isFine(account) ? colors.green(result) : colors.red(result)}`);
    for (const line of accountLines(account, page)) session.print(`     ${line}`);
    for (const event of account.events) session.print(colors.yellow(`     ${eventText(event)}`));
  };
  print('boot', boot);
  for (const [index, step] of scenario.steps.entries()) {
    const head = `${String(index + 1).padStart(3)}  ${step.op}  ${stepText(step)}`;
    const account = steps[index];
    if (account === undefined) session.print(`${head}  ${colors.dim('not run')}`);
    else print(head, account);
  }
}

function printEnd({ machine }: ScenarioRun, unsynced: readonly UnsyncedEntry[], session: Session): void {
  const cost = machine.cost();
  const { structPages, tables } = cost.total;
  const { nr_memmap_boot_pages, nr_memmap_pages } = machine.counters;
  const tail = machine.hugetlb.sharedTails.map(
    ({ zone, node, order, pa }) => `${hex(pa)} (node ${node} ${zone}, order ${order})`,
  );
  const lines = [
    'end',
    `     sections  ${sectionCounts(machine).present} of ${sizeText(2 ** machine.model.sectionSizeBits)}`,
    `     leaves    ${leavesText(cost)}`,
    `     memory    ${sizeText(structPages)} of struct pages and ${sizeText(tables)} of tables in RAM, ${sizeText(cost.elsewhere)} elsewhere`,
    `     counters  nr_memmap_boot_pages ${nr_memmap_boot_pages}, nr_memmap_pages ${nr_memmap_pages}`,
    ...(tail.length === 0 ? [] : [`     shared    tail pages at ${tail.join(', ')}`]),
  ];
  session.print(lines.join('\n'));
  for (const { mm, level, index, va, missing } of unsynced) {
    const what = missing ? `is missing: an access to ${hex64(va)} and on faults` : "is not init_mm's";
    session.print(session.colors.red(`     ${printable(mm)}: ${level} entry ${index} ${what}`));
  }
}
