import { type ArchPlugin, checkPlugin, isVmemmapError, type ScenarioRun } from '@vmemmap/core';
import { type Capture, type Comparison, compareRun, readCapture, replayCapture } from '@vmemmap/core/capture';
import type { TestRunner } from '../mount.ts';
import { tamperings } from './tamperings.ts';

/** A capture as it is stored. */
export interface CaptureFile {
  /** For the name of the test, and for errors. */
  readonly name: string;
  /** `vmemmap-capture/1` JSON. */
  readonly text: string;
}

/** Leaves above which a capture is not changed bit by bit: it would take long and show nothing new. */
const LARGE = 2000;

/** What a comparison may leave out: what the capture does not have, and what it marks itself. */
const MAY_BE_LEFT_OUT = /^(counters|processes|subsection maps|\d+ (subtrees?|entry flags) outside the memmap)$/;

/**
 * Makes two tests of every capture: the plugin builds what the kernel built, bit for bit, with everything that the
 * capture lists compared; and copies with something changed in them are all found out.
 */
export function mountCaptures<C extends object>(
  { describe, it }: TestRunner,
  plugin: ArchPlugin<C>,
  files: readonly CaptureFile[],
): void {
  const checked = checkPlugin(plugin);
  describe(`captures of ${checked.arch}`, () => {
    for (const { name, text } of files) {
      it(`${name} is equal`, () => {
        const capture = readCapture(text, name);
        mustBeEqual(capture, compareRun(replayCapture(capture, checked), capture, 10));
      });
      it(`${name} with anything changed is not`, () => {
        const capture = readCapture(text, name);
        const run = replayCapture(capture, checked);
        const large = sum(capture.expected.leaves) > LARGE;
        const missed: string[] = [];
        for (const { what, fine = false, change } of tamperings) {
          const json = JSON.parse(text);
          if ((fine && large) || !change(json)) continue;
          if (!isFoundOut(run, JSON.stringify(json), name)) missed.push(what);
        }
        if (missed.length > 0) throw new Error(`${name}: the comparison does not see ${missed.join('; ')}`);
      });
    }
  });
}

function sum(list: readonly { readonly count: number }[]): number {
  return list.reduce((total, { count }) => total + count, 0);
}

// A change can make a capture contradict itself; then it is refused.
function isFoundOut(run: ScenarioRun, text: string, name: string): boolean {
  try {
    return !compareRun(run, readCapture(text, name), 1).equal;
  } catch (error) {
    if (isVmemmapError(error)) return true;
    throw error;
  }
}

function mustBeEqual(capture: Capture, { differences, differenceCount, compared, notCompared }: Comparison): void {
  const { expected, name } = capture;
  if (differenceCount > 0) {
    const lines = differences.map(
      ({ part, where, expected: wanted, found }) => `${part} ${where}: expected ${wanted}; found ${found}`,
    );
    throw new Error(`${name} differs in ${differenceCount} places:\n  ${lines.join('\n  ')}`);
  }
  const outside = expected.outside.some(({ what }) => what === 'subtree');
  for (const [what, list, looked] of [
    ['leaves', sum(expected.leaves), compared.leaves],
    ['tables', expected.tables.length, compared.tables],
    ['sections', sum(expected.sections), compared.sections],
  ] as const) {
    // What lies outside the memmap is listed and not compared.
    if (looked === list || (outside && what !== 'sections' && looked > 0 && looked < list)) continue;
    throw new Error(`${name}: ${looked} ${what} were compared, the capture lists ${list}`);
  }
  const left = notCompared.find((what) => !MAY_BE_LEFT_OUT.test(what));
  if (left !== undefined) throw new Error(`${name}: ${left} was not compared`);
}
