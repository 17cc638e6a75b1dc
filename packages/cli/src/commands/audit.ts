import {
  type AuditReport,
  type AuditRule,
  audit as auditKernel,
  type Finding,
  rules,
  type Severity,
} from '@vmemmap/audit';
import { hex, hex64, VmemmapError } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { DUMP_POSITIONAL, type DumpArguments, dumpOptions, withDump } from '../dump-options.ts';
import { auditPicture } from '../output/audit-picture.ts';
import type { Colors } from '../output/colors.ts';
import { plural } from '../output/plural.ts';
import { wrapped } from '../output/wrap.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';

interface Arguments extends DumpArguments {
  readonly dump?: readonly string[];
  readonly rule?: readonly string[];
  readonly rules?: boolean;
  readonly notes?: boolean;
}

/** Findings of one rule that are shown one by one. */
const SHOWN = 5;

/** `vmemmap audit`: is the memory map of the machine in this dump right? */
export const audit: Command<Arguments> = {
  usage: 'audit [dump..]',
  about: 'is the memory map of the machine in this dump right?',
  examples: [
    ['audit vmcore', 'a crash dump: what is mapped, what it costs, what is wrong'],
    ['audit /proc/kcore', 'the machine you are on (as root)'],
    ['audit vmcore --rule MAP-1 --json', 'one rule, for a program'],
    ['audit --rules', 'what is looked at'],
  ],
  options: {
    ...dumpOptions,
    rule: { type: 'string', array: true, requiresArg: true, describe: 'only this rule; repeatable' },
    rules: { type: 'boolean', default: false, describe: 'list the rules, and read no dump' },
    notes: { type: 'boolean', default: false, describe: 'show notes one by one, too' },
  },
  positionals: { dump: DUMP_POSITIONAL },

  run(args: Arguments, session: Session): number | Promise<number> {
    const wanted = chosen(args.rule);
    if (args.rules === true) {
      printRules(wanted, session);
      return EXIT.ok;
    }
    return withDump(args.dump ?? [], args, session, (kernel) => {
      const report = auditKernel(kernel, wanted);
      if (session.json) session.printJson(reportJson(report));
      else printReport(report, args.notes === true, session);
      return report.counts.error > 0 ? EXIT.broken : report.counts.warning > 0 ? EXIT.differs : EXIT.ok;
    });
  },
};

function chosen(ids: readonly string[] | undefined): readonly AuditRule[] {
  if (ids === undefined) return rules;
  const wanted = ids.flatMap((id) => id.toUpperCase().split(','));
  for (const id of wanted) {
    if (!rules.some((rule) => rule.id === id))
      throw new VmemmapError('BAD_ARGUMENT', `no rule ${id}; see vmemmap audit --rules`, '@vmemmap/cli');
  }
  return rules.filter(({ id }) => wanted.includes(id));
}

function printRules(wanted: readonly AuditRule[], session: Session): void {
  if (session.json) {
    session.printJson(wanted.map(({ check: _, ...rule }) => rule));
    return;
  }
  for (const { id, severity, title, why } of wanted) {
    session.print(`${session.colors.bold(id)}  ${severity}  ${title}`);
    for (const line of wrapped('    ', why)) session.print(line);
  }
}

function printReport(report: AuditReport, notes: boolean, session: Session): void {
  const { colors } = session;
  const { kernel, looked, cost, counts } = report;
  const { window } = kernel.context;
  session.print(
    colors.bold(`${kernel.plugin.arch}, Linux ${kernel.facts.osrelease}`) +
      ` (modelled as ${kernel.release.name}), ${sizeText(cost.ram)} in ${plural(looked.sections, 'section')}`,
  );
  for (const { what, value, from } of kernel.known.slice(2)) session.print(`  ${what} ${value}: ${from}`);
  session.print('');
  session.print(`vmemmap from ${hex64(window.base)}`);
  for (const line of auditPicture(report, session)) session.print(line);
  session.print('');
  const share = cost.ram === 0 ? 0 : (100 * cost.structPages) / cost.ram;
  session.print(
    `struct pages take ${sizeText(cost.structPages)}, ${share.toFixed(2)} % of RAM; page tables ${sizeText(cost.tables)}` +
      (cost.saved > 0 ? `; ${sizeText(cost.saved)} are saved by shared tails` : '') +
      (cost.waste > 0 ? `; ${sizeText(cost.waste)} describe no memory` : ''),
  );
  session.print(
    `looked at ${plural(looked.sections, 'section')}, ${plural(looked.tables, 'table')}, ${plural(looked.leaves, 'leaf', 'leaves')} by ${plural(looked.rules, 'rule')}`,
  );
  session.print('');
  for (const rule of rules) printFindings(rule, report, notes, session);
  session.print(verdict(counts, colors));
}

function printFindings(rule: AuditRule, report: AuditReport, notes: boolean, session: Session): void {
  const { colors } = session;
  const findings = report.findings.filter((finding) => finding.rule === rule.id);
  const [first] = findings;
  if (first === undefined) return;
  const count = findings.reduce((sum, finding) => sum + finding.count, 0);
  if (first.severity === 'note' && !notes) {
    const kinds = new Map<string, number>();
    for (const finding of findings) kinds.set(finding.what, (kinds.get(finding.what) ?? 0) + finding.count);
    for (const [what, times] of kinds) session.print(`${colors.dim('note')}  ${rule.id}  ${times} x ${what}`);
    return;
  }
  session.print(`${severityText(first.severity, colors)}  ${colors.bold(rule.id)}  ${rule.title}: ${count} not so`);
  const shown = findings.slice(0, SHOWN);
  for (const finding of shown) for (const line of findingLines(finding)) session.print(`  ${line}`);
  if (shown.length < findings.length)
    session.print(`  and ${findings.length - shown.length} more places; --json has all`);
  for (const line of wrapped('  why: ', rule.why)) session.print(line);
  for (const line of wrapped('  what to do: ', rule.advice)) session.print(line);
  session.print('');
}

function* findingLines({ what, va, bytes, pfn, entry, count, expected, found }: Finding): Generator<string> {
  const at = va === undefined ? '' : ` at ${hex64(va)}`;
  const long = bytes === undefined ? '' : `, ${sizeText(bytes)}`;
  const of = pfn === undefined ? '' : `, from pfn ${hex(pfn)} on`;
  yield `${what}${at}${long}${of}${count > 1 ? ` (${count} times)` : ''}`;
  if (entry !== undefined) yield `  entry at ${hex(entry.pa)}: ${entry.text}`;
  yield `  expected ${expected}; found ${found}`;
}

function severityText(severity: Severity, colors: Colors): string {
  if (severity === 'error') return colors.red(severity);
  return severity === 'warning' ? colors.yellow(severity) : colors.dim(severity);
}

function verdict({ error, warning, note }: AuditReport['counts'], colors: Colors): string {
  const text = `${plural(error, 'error')}, ${plural(warning, 'warning')}, ${plural(note, 'note')}`;
  if (error > 0) return colors.red(`the memory map is broken: ${text}`);
  return warning > 0
    ? colors.yellow(`the memory map is not as it should be: ${text}`)
    : colors.green(`the memory map is sound: ${text}`);
}

function reportJson({ kernel, findings, counts, looked, cost, picture }: AuditReport): object {
  const { window } = kernel.context;
  return {
    kernel: {
      arch: kernel.plugin.arch,
      osrelease: kernel.facts.osrelease,
      release: kernel.release.name,
      config: kernel.arch.config,
      known: kernel.known,
    },
    window: { base: hex64(window.base), start: hex64(window.start), end: hex64(window.end) },
    looked,
    cost,
    picture: picture.map(({ offset, ...rest }) => ({ va: hex64(window.start + BigInt(offset)), ...rest })),
    counts,
    findings: findings.map(({ va, entry, ...rest }) => ({
      ...rest,
      ...(va === undefined ? {} : { va: hex64(va) }),
      ...(entry === undefined ? {} : { entry: { pa: hex(entry.pa), raw: hex64(entry.raw), text: entry.text } }),
    })),
  };
}
