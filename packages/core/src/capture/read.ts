import { checkJson, parseJson } from '../json.ts';
import type { Capture } from './format.ts';
import { captureSchema } from './schema.ts';

/**
 * Reads a capture.
 * @param text JSON of the format `vmemmap-capture/1`
 * @param source what to call it in an error: a file's name
 * @throws VmemmapError `BAD_FORMAT`, in one line, with the place that is wrong
 */
export function readCapture(text: string, source: string): Capture {
  return checkJson(captureSchema, parseJson(text, source), source, 'a capture');
}
