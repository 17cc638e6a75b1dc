import type { FailureRule, KernelEvent, Machine, MachineCost, TraceStep } from '@vmemmap/core';
import { buildMachine } from '../build-machine.ts';
import { type Command, EXIT } from '../command.ts';
import { parseFailOption } from '../fail-option.ts';
import { type MachineArguments, machineOptions } from '../machine-options.ts';
import { machineJson, machineTitle } from '../output/machine-text.ts';
import { withProgress } from '../output/progress.ts';
import { tableText } from '../output/table.ts';
import { traceJson, traceText } from '../output/trace-text.ts';
import { verificationText } from '../output/verification-text.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';
import { parseWholeNumber } from '../whole-number.ts';

interface Arguments extends MachineArguments {
  readonly verify: boolean;
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
    ['populate --config no-la57 --release 6.12', 'another configuration and kernel'],
    ['populate --ram 1G --trace', 'every step of populate'],
    ['populate --fail source=memblock,nth=3', 'boot without memory for the third block'],
  ],
  options: {
    ...machineOptions,
    verify: {
      type: 'boolean',
      default: true,
      describe: 'walk to every struct page and check it; --no-verify leaves it out',
    },
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
    const steps: TraceStep[] = [];
    let stepCount = 0;
    const trace = (step: TraceStep): void => {
      if (stepCount++ < limit) steps.push(step);
    };
    const built = buildMachine(args, session, { failures, ...(args.trace && { trace }) });
    const { notes, machine } = built;
    const cost = machine.cost();
    const found = args.verify ? withProgress(session.io, 'verify  ', (report) => machine.verify(report)) : undefined;
    if (session.json) {
      session.printJson({
        machine: machineJson(built),
        notes,
        sections: sectionCount(machine),
        cost,
        counters: machine.counters,
        events: machine.events,
        verification: found ?? null,
        ...(args.trace && { trace: { steps: steps.map((step) => traceJson(step, machine)), stepCount } }),
      });
    } else {
      const { colors } = session;
      session.print(colors.bold(machineTitle(built)));
      for (const note of notes) session.print(colors.dim(`note: ${note}`));
      if (args.trace) {
        for (const step of steps) session.print(traceText(step, machine));
        if (stepCount > limit) session.print(colors.dim(`… ${stepCount - limit} more steps; see --trace-limit`));
      }
      session.print(costText(cost));
      session.print(factsText(machine, cost));
      for (const event of machine.events) session.print(colors.yellow(eventText(event)));
      if (found !== undefined) session.print(verificationText(found, machine.arch, colors));
    }
    return found === undefined || found.problems.length === 0 ? EXIT.ok : EXIT.differs;
  },
};

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

function factsText(machine: Machine, { leaves, tables }: MachineCost): string {
  const { nr_memmap_boot_pages, nr_memmap_pages } = machine.counters;
  const lines = [
    `sections  ${sectionCount(machine)} of ${sizeText(2 ** machine.model.sectionSizeBits)}`,
    `leaves    ${leaves.map(({ size, count }) => `${count} x ${sizeText(size)}`).join(', ') || 'none'}`,
    `tables    ${tables.map(({ level, count }) => `${level} ${count}`).join(', ') || 'none'}`,
    `counters  nr_memmap_boot_pages ${nr_memmap_boot_pages}, nr_memmap_pages ${nr_memmap_pages}`,
    `warnings  ${machine.events.length === 0 ? 'none' : machine.events.length}`,
  ];
  return lines.join('\n');
}

function eventText({ kind, source, message, count }: KernelEvent): string {
  return `${kind} in ${source}: ${message}${count > 1 ? ` (${count} times)` : ''}`;
}

function sectionCount(machine: Machine): number {
  let sum = 0;
  for (const { count } of machine.sections()) sum += count;
  return sum;
}
