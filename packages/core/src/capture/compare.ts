import { hex64 } from '../bits.ts';
import type { ArchPlugin } from '../contract/plugin.ts';
import type { ScenarioRun } from '../scenario/run.ts';
import { checkSummary } from './check-summary.ts';
import { compareLeaves } from './compare-leaves.ts';
import { compareProcesses } from './compare-processes.ts';
import { compareSections } from './compare-sections.ts';
import { compareSteps } from './compare-steps.ts';
import { compareTables } from './compare-tables.ts';
import { compareVmemmapList } from './compare-vmemmap-list.ts';
import { type Difference, Differences } from './difference.ts';
import type { Capture } from './format.ts';
import { notCompared } from './not-compared.ts';
import { Outside } from './outside.ts';
import { replayCapture } from './replay.ts';

/** What came of comparing a capture with the model. */
export interface Comparison {
  /** Name of the capture. */
  readonly name: string;
  /** True when there is no difference. */
  readonly equal: boolean;
  /** How much was compared: how many `leaves`, `tables`, `sections` and `steps`. */
  readonly compared: {
    readonly leaves: number;
    readonly tables: number;
    readonly sections: number;
    readonly steps: number;
  };
  /** What was left out, in words: what the capture does not have, and what it marks. */
  readonly notCompared: readonly string[];
  /** The first differences, at most as many as asked for. */
  readonly differences: readonly Difference[];
  /** All of them. */
  readonly differenceCount: number;
}

/** Differences that {@link compareCapture} keeps unless told otherwise. */
export const DEFAULT_DIFFERENCES = 100;

/**
 * Builds the machine of a capture and compares what it built with what the kernel built, bit for bit. Left out is only
 * what the capture itself marks under `expected.outside`, and where in RAM a frame lies.
 * @param most how many differences to keep
 * @throws VmemmapError as `replayCapture`
 */
export function compareCapture(capture: Capture, plugin: ArchPlugin, most: number = DEFAULT_DIFFERENCES): Comparison {
  return compareRun(replayCapture(capture, plugin), capture, most);
}

/** Compares what became of a capture's machine and steps with what it expects. */
export function compareRun(run: ScenarioRun, capture: Capture, most: number = DEFAULT_DIFFERENCES): Comparison {
  const { machine } = run;
  const { expected } = capture;
  const differences = new Differences(most);
  const outside = new Outside(expected);
  const { base, start, end } = machine.window;
  differences.compare('base', 'vmemmap base', hex64(expected.vmemmapBase), hex64(base));
  differences.compare('base', 'start of the vmemmap window', hex64(expected.vmemmapWindow.start), hex64(start));
  differences.compare('base', 'end of the vmemmap window', hex64(expected.vmemmapWindow.end), hex64(end));
  differences.compare('section', 'section size bits', expected.sectionSizeBits, machine.model.sectionSizeBits);
  differences.compare('levels', 'levels of the page table', levelsText(expected.levels), levelsText(machine.levels));
  const sections = compareSections(machine, expected, differences);
  if (expected.counters !== null && expected.counters !== undefined) {
    for (const name of ['nr_memmap_pages', 'nr_memmap_boot_pages'] as const) {
      differences.compare('counter', name, expected.counters[name], machine.counters[name]);
    }
  }
  const tables = compareTables(machine, expected, outside, differences);
  const leaves = compareLeaves(machine, expected, outside, differences);
  compareProcesses(machine, expected, differences);
  compareVmemmapList(machine, expected, differences);
  checkSummary(expected, differences);
  compareSteps(run, capture, differences);
  return {
    name: capture.name,
    equal: differences.total === 0,
    compared: { leaves, tables, sections, steps: run.steps.length },
    notCompared: notCompared(expected),
    differences: differences.list,
    differenceCount: differences.total,
  };
}

function levelsText(
  levels: readonly { readonly name: string; readonly shift: number; readonly indexBits: number }[],
): string {
  return levels.map(({ name, shift, indexBits }) => `${name} ${shift}+${indexBits}`).join(', ') || 'none';
}
