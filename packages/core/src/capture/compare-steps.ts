import { errnoName, OK } from '../errno.ts';
import type { ScenarioRun } from '../scenario/run.ts';
import type { Differences } from './difference.ts';
import type { Capture } from './format.ts';

/** Compares what each step came to: which failed, and with which errno; and which huge pages kept all struct pages. */
export function compareSteps(run: ScenarioRun, capture: Capture, differences: Differences): void {
  const failed = new Map(capture.expected.stepResults?.map(({ step, error }) => [step, error]));
  for (const [index, step] of capture.steps.entries()) {
    const account = run.steps[index];
    const where = `step ${index + 1} (${step.op})`;
    const ours = account === undefined ? 'not run' : errnoName(account.errno);
    differences.compare('step', where, failed.get(index) ?? errnoName(OK), ours);
    failed.delete(index);
    if (step.op !== 'hugetlb-optimize' || account?.hugetlb === undefined) continue;
    const { inert, refused } = account.hugetlb;
    if (step.inert === true && inert === undefined)
      differences.add('step', where, 'nothing is optimised on this machine', 'huge pages can be optimised');
    else if (step.inert !== true && inert !== undefined)
      differences.add('step', where, 'huge pages can be optimised', inert);
    for (const { start, errno } of refused)
      differences.add('step', `${where}: huge page at 0x${start.toString(16)}`, 'optimised', errnoName(errno));
  }
  for (const [index, error] of failed)
    differences.add('capture', `step ${index + 1}`, `failed with ${error}`, 'the capture has no such step');
}
