import {
  type FailureRule,
  type KernelEvent,
  type Machine,
  type MachineCost,
  type TraceStep,
  VmemmapError,
} from '@vmemmap/core';
import { ALL_ARCHES, type BuiltMachine, prepareMachine } from '../build-machine.ts';
import { type Command, EXIT } from '../command.ts';
import { parseFailOption } from '../fail-option.ts';
import { type MachineArguments, machineOptions } from '../machine-options.ts';
import { leavesText } from '../output/leaves-text.ts';
import { machineJson, machineTitle } from '../output/machine-text.ts';
import { plural } from '../output/plural.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import { tableText } from '../output/table.ts';
import { traceJson, traceText } from '../output/trace-text.ts';
import { verificationText } from '../output/verification-text.ts';
import { kernelStopped, reportError } from '../report-error.ts';
import { type SectionCounts, sectionCounts } from '../section-counts.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';
import { parseWholeNumber } from '../whole-number.ts';
import { populateAll } from './populate-all.ts';

interface Arguments extends MachineArguments {
  readonly verify?: boolean;
  readonly 'no-verify'?: boolean;
  readonly trace: boolean;
  readonly 'trace-limit': string;
  readonly fail?: readonly string[];
}

/** `vmemmap populate`: boots a machine and says what its memmap is and costs. */
export const populate: Command<Arguments> = {
  usage: 'populate',
  about: 'boot a machine, build its vmemmap, verify it, and show what it costs',
  examples: [
    ['populate', 'the built-in server'],
    ['populate --ram 64G --nodes 2', 'no file needed'],
    ['populate --iomem /proc/iomem', 'this computer (as root)'],
    ['populate --ram 64G --arch all', 'every architecture side by side'],
    ['populate --config no-la57 --release 6.12', 'another configuration and kernel'],
    ['populate --ram 1G --trace', 'every step of populate'],
    ['populate --fail source=memblock,nth=3', 'boot without memory for the third block'],
  ],
  options: {
    ...machineOptions,
    arch: { ...machineOptions.arch, describe: 'architecture, see `vmemmap arches`; all: every one, side by side' },
    verify: { type: 'boolean', conflicts: 'no-verify', describe: 'walk to every struct page and check it (default)' },
    'no-verify': { type: 'boolean', describe: 'leave that out' },
    trace: { type: 'boolean', default: false, describe: 'print the steps of populate' },
    'trace-limit': { type: 'string', default: '200', requiresArg: true, describe: 'print so many steps at most' },
    fail: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe:
        'make allocations fail: source=memblock|page-allocator|altmap,node=,order=,nth=,times=n|all; repeatable',
    },
  },

  run(args: Arguments, session: Session): number {
    const limit = parseWholeNumber(args['trace-limit'], '--trace-limit', 0);
    const failures: FailureRule[] = (args.fail ?? []).map(parseFailOption);
    const verify = args.verify !== false && args['no-verify'] !== true;
    if (args.arch === ALL_ARCHES) {
      for (const option of ['config', 'trace'] as const) {
        if (args[option])
          throw new VmemmapError('BAD_ARGUMENT', `--arch all: --${option} is for one architecture`, '@vmemmap/cli');
      }
      return populateAll(args, failures, verify, session);
    }
    const steps: TraceStep[] = [];
    let stepCount = 0;
    const trace = (step: TraceStep): void => {
      if (stepCount++ < limit) steps.push(step);
    };
    const built = prepareMachine(args, session, { failures, ...(args.trace && { trace }) });
    const { machine } = built;
    const traceFields = (): object =>
      args.trace ? { trace: { steps: steps.map((step) => traceJson(step, machine)), stepCount } } : {};
    const printBegin = (): void => {
      printTitle(built, session);
      for (const step of steps) session.print(traceText(step, machine));
      if (stepCount > steps.length) {
        session.print(session.colors.dim(`… ${plural(stepCount - steps.length, 'more step')}; see --trace-limit`));
      }
    };
    try {
      built.boot();
    } catch (error) {
      if (!args.trace || !kernelStopped(error)) throw error;
      if (!session.json) printBegin();
      return reportError(error, session.io, session.json, traceFields());
    }
    const unfired = machine.failures.unfired.map((rule) => `--fail ${args.fail![failures.indexOf(rule)]} never fired`);
    const cost = machine.cost();
    const sections = sectionCounts(machine);
    const found = verify ? withProgress(session.io, 'verify  ', (report) => machine.verify(report)) : undefined;
    if (session.json) {
      session.printJson({
        machine: machineJson(built),
        notes: [...built.notes, ...unfired],
        sections: sections.present,
        sectionsWithMemmap: sections.withMemmap,
        sectionsOfRam: sections.ofRam,
        cost,
        counters: machine.counters,
        events: machine.events,
        verification: found ?? null,
        ...traceFields(),
      });
    } else {
      const { colors } = session;
      printBegin();
      for (const note of unfired) session.print(colors.dim(`note: ${printable(note)}`));
      session.print(costText(cost));
      session.print(factsText(machine, cost, sections));
      for (const event of machine.events) session.print(colors.yellow(eventText(event)));
      if (found !== undefined) session.print(verificationText(found, machine.arch, colors));
      if (sections.withMemmap < sections.ofRam) {
        const those = plural(sections.ofRam, 'section has', 'sections have');
        session.print(colors.red(`${sections.withMemmap} of ${those} a memmap`));
      }
    }
    const satisfied = sections.withMemmap >= sections.ofRam && (found === undefined || found.problems.length === 0);
    return satisfied ? EXIT.ok : EXIT.differs;
  },
};

function printTitle(built: BuiltMachine, session: Session): void {
  const { colors } = session;
  session.print(colors.bold(machineTitle(built)));
  for (const note of built.notes) session.print(colors.dim(`note: ${printable(note)}`));
}

function costText({ nodes, total }: MachineCost): string {
  const row = (name: string | number, cost: MachineCost['total']): (string | number)[] => [
    name,
    sizeText(cost.ram),
    sizeText(cost.structPages),
    sizeText(cost.tables),
    `${(((cost.structPages + cost.tables) / cost.ram) * 100).toFixed(2)} %`,
  ];
  const rows = nodes.map((cost) => row(cost.node, cost));
  if (nodes.length > 1) rows.push(row('all', total));
  return tableText(['node', 'RAM', 'struct pages', 'tables', 'of RAM'], rows);
}

function factsText(machine: Machine, cost: MachineCost, { present }: SectionCounts): string {
  const { nr_memmap_boot_pages, nr_memmap_pages } = machine.counters;
  const lines = [
    `sections  ${present} of ${sizeText(2 ** machine.model.sectionSizeBits)}`,
    `leaves    ${leavesText(cost)}`,
    `tables    ${cost.tables.map(({ level, count }) => `${level} ${count}`).join(', ') || 'none'}`,
    `counters  nr_memmap_boot_pages ${nr_memmap_boot_pages}, nr_memmap_pages ${nr_memmap_pages}`,
    `warnings  ${machine.events.length === 0 ? 'none' : machine.events.length}`,
  ];
  return lines.join('\n');
}

function eventText({ kind, source, message, count }: KernelEvent): string {
  return `${kind} in ${source}: ${message}${count > 1 ? ` (${count} times)` : ''}`;
}
