import type { ArchPlugin } from '../contract/plugin.ts';
import { VmemmapError } from '../errors.ts';
import { runScenario, type ScenarioRun } from '../scenario/run.ts';
import type { Capture } from './format.ts';

/**
 * Builds what a capture's kernel was given, from its `machine` and `steps` alone.
 * @throws VmemmapError `KERNEL_PANIC` when the model stops where the kernel did not, and whatever making the machine throws
 */
export function replayCapture(capture: Capture, plugin: ArchPlugin): ScenarioRun {
  const run = runScenario(capture, plugin);
  const stopped = [run.boot, ...run.steps].find((account) => account.stopped !== undefined);
  if (stopped !== undefined)
    throw new VmemmapError('KERNEL_PANIC', `${capture.name}: ${stopped.op}: ${stopped.stopped}`);
  return run;
}
