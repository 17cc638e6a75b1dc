import {
  type ArchPlugin,
  type FailureRule,
  isVmemmapError,
  type MachineCost,
  type Verification,
  type VmemmapError,
} from '@vmemmap/core';
import { type BuiltMachine, DEFAULT_ARCH, prepareMachineOf } from '../build-machine.ts';
import { EXIT } from '../command.ts';
import { type MachineArguments, machineSource } from '../machine-options.ts';
import { leavesText } from '../output/leaves-text.ts';
import { machineJson } from '../output/machine-text.ts';
import { plural } from '../output/plural.ts';
import { printable } from '../output/printable.ts';
import { withProgress } from '../output/progress.ts';
import { tableText } from '../output/table.ts';
import { kernelStopped, oneLine } from '../report-error.ts';
import { type SectionCounts, sectionCounts } from '../section-counts.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';

/** One architecture with the memory map of all. */
interface Populated {
  readonly built: BuiltMachine;
  readonly cost: MachineCost;
  readonly sections: SectionCounts;
  readonly found: Verification | undefined;
}

/** An architecture that cannot have this memory map, or whose kernel stopped. */
interface Refused {
  readonly plugin: ArchPlugin;
  readonly error: VmemmapError;
  readonly message: string;
  /** What the architecture alone would have given. */
  readonly exit: number;
}

/**
 * `vmemmap populate --arch all`: one memory map through every architecture, side by side.
 * @returns the exit code: what the worst of the architectures would have given alone
 * @throws VmemmapError the worst of what they throw, when none can have the memory map
 */
export function populateAll(
  args: MachineArguments,
  failures: readonly FailureRule[],
  verify: boolean,
  session: Session,
): number {
  const given = machineSource(args);
  const source = { ...given, arch: given.arch ?? DEFAULT_ARCH };
  const populated: Populated[] = [];
  const refused: Refused[] = [];
  for (const plugin of session.registry.plugins) {
    try {
      const built = prepareMachineOf(plugin, source, args, session, { failures }).boot();
      const { machine } = built;
      const report = `verify ${plugin.arch}`;
      const found = verify ? withProgress(session.io, report, (tell) => machine.verify(tell)) : undefined;
      populated.push({ built, cost: machine.cost(), sections: sectionCounts(machine), found });
    } catch (error) {
      if (!isVmemmapError(error)) throw error;
      // Some messages begin with the plugin's name already.
      const message = oneLine(error.message).replace(`${plugin.arch}: `, '');
      const exit = kernelStopped(error) ? EXIT.differs : EXIT.badInput;
      refused.push({ plugin, error, message, exit });
    }
  }
  const worst = Math.max(EXIT.ok, ...refused.map(({ exit }) => exit));
  if (populated.length === 0) throw refused.find(({ exit }) => exit === worst)!.error;
  if (session.json) printJson(source.title, populated, refused, session);
  else printText(source.title, source.notes ?? [], populated, session);
  for (const { plugin, message } of refused) session.io.stderr.write(`vmemmap: ${plugin.arch}: ${message}\n`);
  return Math.max(populated.every(isSatisfied) ? EXIT.ok : EXIT.differs, worst);
}

function isSatisfied({ sections, found }: Populated): boolean {
  return sections.withMemmap >= sections.ofRam && (found === undefined || found.problems.length === 0);
}

function printText(title: string, notes: readonly string[], populated: readonly Populated[], session: Session): void {
  const { colors } = session;
  const { memory, release } = populated[0]!.built.machine;
  const nodes = plural(memory.nodes.length, 'node');
  session.print(
    colors.bold(`${printable(title)}: ${sizeText(memory.bytes())} on ${nodes}; all architectures; ${release.title}`),
  );
  for (const note of notes) session.print(colors.dim(`note: ${printable(note)}`));
  const head = ['arch', 'pages', 'sections', 'struct page', 'leaves', 'tables', 'memory', 'of RAM', 'warnings'];
  session.print(tableText(head, populated.map(row)));
  for (const one of populated) {
    const { events } = one.built.machine;
    const name = one.built.plugin.arch;
    for (const { kind, source, message } of events) {
      session.print(colors.yellow(`${name}: ${kind} in ${source}: ${message}`));
    }
    for (const problem of one.found?.problems ?? []) session.print(colors.red(`${name}: ${problem}`));
    if (one.sections.withMemmap < one.sections.ofRam) {
      const those = plural(one.sections.ofRam, 'section has', 'sections have');
      session.print(colors.red(`${name}: ${one.sections.withMemmap} of ${those} a memmap`));
    }
  }
  const verified = populated.filter(({ found }) => found !== undefined && found.problems.length === 0);
  if (verified.length > 0) {
    const pages = verified.reduce((sum, { found }) => sum + found!.structPages, 0);
    const names = verified.map(({ built }) => built.plugin.arch).join(', ');
    session.print(colors.green(`verified ${plural(pages, 'struct page')} on ${names}`));
  }
}

function row({ built: { plugin, machine }, cost, sections }: Populated): (string | number)[] {
  const { model } = machine;
  const { ram, structPages, tables } = cost.total;
  return [
    plugin.arch,
    sizeText(2 ** model.pageShift),
    `${sections.present} x ${sizeText(2 ** model.sectionSizeBits)}`,
    `${model.structPageSize} B`,
    leavesText(cost),
    cost.tables.reduce((sum, { count }) => sum + count, 0),
    sizeText(structPages + tables),
    `${(((structPages + tables) / ram) * 100).toFixed(2)} %`,
    machine.events.length,
  ];
}

function printJson(
  title: string,
  populated: readonly Populated[],
  refused: readonly Refused[],
  session: Session,
): void {
  session.printJson({
    title,
    arches: populated.map(({ built, cost, sections, found }) => ({
      arch: built.plugin.arch,
      machine: machineJson(built),
      model: built.machine.model,
      sections: sections.present,
      sectionsWithMemmap: sections.withMemmap,
      sectionsOfRam: sections.ofRam,
      cost,
      counters: built.machine.counters,
      events: built.machine.events,
      verification: found ?? null,
    })),
    refused: refused.map(({ plugin, error: { code }, message }) => ({ arch: plugin.arch, code, message })),
  });
}
