import { type AllocationSource, type FailureRule, VmemmapError } from '@vmemmap/core';
import { parseWholeNumber } from './whole-number.ts';

const SOURCES: readonly AllocationSource[] = ['memblock', 'page-allocator', 'altmap'];

/**
 * Reads a `--fail` value: `source=memblock,nth=3,times=all`.
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseFailOption(text: string): FailureRule {
  const rule: { -readonly [K in keyof FailureRule]: FailureRule[K] } = {};
  const seen = new Set<string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const key = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    if (seen.has(key)) bad(`${JSON.stringify(key)} is given more than once in ${JSON.stringify(text)}`);
    seen.add(key);
    switch (key) {
      case 'source':
        rule.source = SOURCES.find((source) => source === value) ?? bad(`source is one of ${SOURCES.join(', ')}`);
        break;
      case 'times':
        rule.times = value === 'all' ? Number.POSITIVE_INFINITY : parseWholeNumber(value, '--fail times', 1);
        break;
      case 'nth':
        rule.nth = parseWholeNumber(value, '--fail nth', 1);
        break;
      case 'node':
      case 'order':
        rule[key] = parseWholeNumber(value, `--fail ${key}`, 0);
        break;
      default:
        bad(`${JSON.stringify(part)} is none of source=, node=, order=, nth=, times=`);
    }
  }
  return rule;
}

function bad(message: string): never {
  throw new VmemmapError('BAD_ARGUMENT', `--fail: ${message}`, '@vmemmap/cli');
}
