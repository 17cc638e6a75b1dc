/**
 * `@vmemmap/core/capture`: captures of real kernels, and the comparison of a model with them.
 *
 * @packageDocumentation
 */

export { checkJson, parseJson } from '../json.ts';
export { type Comparison, compareCapture, compareRun, DEFAULT_DIFFERENCES } from './compare.ts';
export type { Difference, DifferencePart } from './difference.ts';
export type {
  Capture,
  CaptureEntries,
  CaptureExpected,
  CaptureLeaves,
  CaptureListEntries,
  CaptureMachine,
  CaptureOutside,
  CaptureProcesses,
  CaptureSections,
  CaptureSummary,
  CaptureTable,
} from './format.ts';
export { readCapture } from './read.ts';
export { readScenario, scenarioJsonSchema } from './read-scenario.ts';
export { replayCapture } from './replay.ts';
export { captureSchema } from './schema.ts';
