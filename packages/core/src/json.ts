import type { z } from 'zod';
import { VmemmapError } from './errors.ts';

/**
 * Parses JSON.
 * @throws VmemmapError `BAD_FORMAT`
 */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw new VmemmapError('BAD_FORMAT', `${source} is not complete JSON: ${reason}`);
  }
}

/**
 * Checks a value against a schema.
 * @param what what it should be, with its article
 * @throws VmemmapError `BAD_FORMAT` with the first place that is wrong
 */
export function checkJson<S extends z.ZodType>(schema: S, value: unknown, source: string, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.length === 0 ? 'the whole' : issue.path.map(String).join('.');
  throw new VmemmapError('BAD_FORMAT', `${source} is not ${what}: ${path}: ${issue.message}`);
}
