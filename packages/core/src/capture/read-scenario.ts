import { z } from 'zod';
import { checkJson, parseJson } from '../json.ts';
import type { Scenario } from '../scenario/format.ts';
import { scenarioSchema } from '../scenario/schema.ts';
import { captureSchema } from './schema.ts';

/**
 * Reads a scenario, or a capture as one.
 * @param source what to call it in an error: a file's name
 * @throws VmemmapError `BAD_FORMAT`, in one line, with the place that is wrong
 */
export function readScenario(text: string, source: string): Scenario {
  const value = parseJson(text, source);
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (format === 'vmemmap-capture/1') return checkJson(captureSchema, value, source, 'a capture');
  return checkJson(scenarioSchema, value, source, 'a scenario');
}

/** The format `vmemmap-scenario/1` as JSON Schema, for editors. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' });
}
