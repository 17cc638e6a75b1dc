import { type ArchRegistry, isVmemmapError } from '@vmemmap/core';
import { type Comparison, compareCapture, DEFAULT_DIFFERENCES, readCapture } from '@vmemmap/core/capture';
import { type Command, EXIT } from '../command.ts';
import { plural } from '../output/plural.ts';
import { printable } from '../output/printable.ts';
import { readText } from '../read-text.ts';
import { oneLine } from '../report-error.ts';
import type { Session } from '../session.ts';
import { parseWholeNumber } from '../whole-number.ts';

interface Arguments {
  readonly captures: readonly string[];
  readonly most: string;
}

/** A comparison, or why there is none. */
interface Result extends Comparison {
  readonly file: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** `vmemmap compare`: the model against captures of real kernels, bit for bit. */
export const compare: Command<Arguments> = {
  usage: 'compare <captures..>',
  about: 'compare the model with captures of real kernels, bit for bit',
  examples: [
    ['compare boot-2g.json', 'one capture'],
    ['compare captures/*.json --json', 'many, for a script'],
    ['compare --most 5 boot-2g.json', 'the first five differences only'],
  ],
  options: {
    most: {
      type: 'string',
      default: String(DEFAULT_DIFFERENCES),
      requiresArg: true,
      describe: 'show so many differences of a capture at most',
    },
  },
  positionals: { captures: 'capture files (vmemmap-capture/1)' },

  run({ captures, most }: Arguments, session: Session): number {
    const limit = parseWholeNumber(most, '--most', 0);
    const results: Result[] = [];
    for (const file of captures) {
      const result = compareFile(file, session.registry, limit);
      results.push(result);
      if (result.error !== undefined) session.io.stderr.write(`vmemmap: ${result.error.message}\n`);
      else if (!session.json) session.print(resultText(result, session));
    }
    const totals = totalsOf(results);
    if (session.json) session.printJson({ results, totals });
    else if (results.length > 1) session.print(totalsText(totals));
    if (results.some(({ error }) => error !== undefined)) return EXIT.badInput;
    return results.every(({ equal }) => equal) ? EXIT.ok : EXIT.differs;
  },
};

/** How many captures came to what. */
interface Totals {
  readonly captures: number;
  readonly equal: number;
  readonly differs: number;
  readonly notComparable: number;
}

function totalsOf(results: readonly Result[]): Totals {
  const captures = results.length;
  const equal = results.filter((result) => result.equal).length;
  const notComparable = results.filter(({ error }) => error !== undefined).length;
  return { captures, equal, differs: captures - equal - notComparable, notComparable };
}

function totalsText({ captures, equal, differs, notComparable }: Totals): string {
  const parts = [
    ...(equal > 0 ? [`${equal} equal`] : []),
    ...(differs > 0 ? [`${differs} ${differs === 1 ? 'differs' : 'differ'}`] : []),
    ...(notComparable > 0 ? [`${notComparable} cannot be compared`] : []),
  ];
  return `${plural(captures, 'capture')}: ${parts.join(', ')}`;
}

// One capture that cannot be compared does not keep the others from it.
function compareFile(file: string, registry: ArchRegistry, most: number): Result {
  let name = file;
  try {
    const capture = readCapture(readText(file), file);
    name = capture.name;
    const found = compareCapture(capture, registry.find(capture.machine.arch), most);
    return {
      name,
      file,
      equal: found.equal,
      compared: found.compared,
      notCompared: found.notCompared,
      differences: found.differences,
      differenceCount: found.differenceCount,
    };
  } catch (error) {
    if (!isVmemmapError(error)) throw error;
    const nothing = {
      equal: false,
      compared: { leaves: 0, tables: 0, sections: 0, steps: 0 },
      notCompared: [],
      differences: [],
      differenceCount: 0,
    };
    return { name, file, ...nothing, error: { code: error.code, message: oneLine(error.message) } };
  }
}

function resultText(result: Result, { colors }: Session): string {
  const { equal, compared, notCompared, differences, differenceCount } = result;
  const { leaves, tables, sections, steps } = compared;
  const name = printable(result.name);
  const left = notCompared.length === 0 ? '' : `; not compared: ${printable(notCompared.map(leftText).join(', '))}`;
  const counts = `${plural(leaves, 'leaf', 'leaves')}, ${plural(tables, 'table')}, ${plural(sections, 'section')}${steps === 0 ? '' : `, ${plural(steps, 'step')}`}`;
  if (equal) return `${colors.green('equal')}    ${name}  ${counts}${left}`;
  const lines = [`${colors.red('differs')}  ${name}  ${counts}; ${plural(differenceCount, 'difference')}${left}`];
  for (const { part, where, expected, found } of differences) {
    lines.push(`  ${printable(`${part} ${where}`)}`);
    lines.push(`    expected ${printable(expected)}`, `    found    ${printable(found)}`);
  }
  if (differenceCount > differences.length) lines.push(`  … ${differenceCount - differences.length} more; see --most`);
  return lines.join('\n');
}

// The same words for one and for many do as data, but not in a sentence.
function leftText(one: string): string {
  return one.replace(
    /^(\d+) entry flags /,
    (_, count: string) => `flags of ${plural(Number(count), 'entry', 'entries')} `,
  );
}
