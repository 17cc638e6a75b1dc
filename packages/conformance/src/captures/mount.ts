import { type ArchPlugin, checkPlugin, isVmemmapError, type ScenarioRun } from '@vmemmap/core';
import { compareRun, readCapture, replayCapture } from '@vmemmap/core/capture';
import type { TestRunner } from '../mount.ts';
import { type CaptureFile, checkCapture, sum } from './check.ts';
import { tamperings } from './tamperings.ts';

/** Leaves above which a capture is not changed bit by bit: it would take long and show nothing new. */
const LARGE = 2000;

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
        const { ok, message } = checkCapture(checked, { name, text });
        if (!ok) throw new Error(message);
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

// A change can make a capture contradict itself; then it is refused.
function isFoundOut(run: ScenarioRun, text: string, name: string): boolean {
  try {
    return !compareRun(run, readCapture(text, name), 1).equal;
  } catch (error) {
    if (isVmemmapError(error)) return true;
    throw error;
  }
}
