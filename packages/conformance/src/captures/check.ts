import { type ArchPlugin, checkPlugin, isVmemmapError, VmemmapError } from '@vmemmap/core';
import { type Capture, type Comparison, compareRun, readCapture, replayCapture } from '@vmemmap/core/capture';

/** A capture as it is stored. */
export interface CaptureFile {
  /** For the name of the test, and for errors. */
  readonly name: string;
  /** `vmemmap-capture/1` JSON. */
  readonly text: string;
}

/** What became of a comparison. */
export interface CaptureResult {
  /** Name of the file, as it was given. */
  readonly name: string;
  /** True when the plugin builds what the kernel built. */
  readonly ok: boolean;
  /** Where it differs. Empty when it is equal. */
  readonly message: string;
}

/** What a comparison may leave out: what the capture does not have, and what it marks itself. */
const MAY_BE_LEFT_OUT = /^(counters|processes|subsection maps|\d+ (subtrees?|entry flags) outside the memmap)$/;

/**
 * Whether a plugin builds what a kernel built, bit for bit, with everything that the capture lists compared.
 * @throws VmemmapError `BAD_FORMAT` for what is no capture, `BAD_CONFIG` for one that the plugin cannot be
 */
export function checkCapture<C extends object>(plugin: ArchPlugin<C>, { name, text }: CaptureFile): CaptureResult {
  const capture = readCapture(text, name);
  const run = named(name, () => replayCapture(capture, checkPlugin(plugin)));
  const message = faultOf(capture, compareRun(run, capture, 10));
  return { name, ok: message === '', message };
}

// What a capture asks of a plugin that it has not is said of that capture.
function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isVmemmapError(error) || error.message.includes(name)) throw error;
    throw new VmemmapError(error.code, `${name}: ${error.message.replace(/^@vmemmap\//, '')}`, '@vmemmap/conformance');
  }
}

function faultOf(capture: Capture, { differences, differenceCount, compared, notCompared }: Comparison): string {
  const { expected, name } = capture;
  if (differenceCount > 0) {
    const lines = differences.map(
      ({ part, where, expected: wanted, found }) => `${part} ${where}: expected ${wanted}; found ${found}`,
    );
    return `${name} differs in ${differenceCount} places:\n  ${lines.join('\n  ')}`;
  }
  const outside = expected.outside.some(({ what }) => what === 'subtree');
  for (const [what, list, looked] of [
    ['leaves', sum(expected.leaves), compared.leaves],
    ['tables', expected.tables.length, compared.tables],
    ['sections', sum(expected.sections), compared.sections],
  ] as const) {
    // What lies outside the memmap is listed and not compared.
    if (looked === list || (outside && what !== 'sections' && looked > 0 && looked < list)) continue;
    return `${name}: ${looked} ${what} were compared, the capture lists ${list}`;
  }
  const left = notCompared.find((what) => !MAY_BE_LEFT_OUT.test(what));
  return left === undefined ? '' : `${name}: ${left} was not compared`;
}

/** How many there are in a list of runs. */
export function sum(list: readonly { readonly count: number }[]): number {
  return list.reduce((total, { count }) => total + count, 0);
}
