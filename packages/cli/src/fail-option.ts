import { type AllocationSource, type FailureRule, VmemmapError } from '@vmemmap/core';
import { parseWholeNumber } from './whole-number.ts';

const SOURCES: readonly AllocationSource[] = ['memblock', 'page-allocator', 'altmap'];

/**
 * Reads a `--fail` value: `source=memblock,nth=3,times=all`.
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseFailOption(text: string): FailureRule {
  const rule: { -readonly [K in keyof FailureRule]: FailureRule[K] } = {};
  for (const part of text.split(',')) {
    const [key, value = ''] = part.split('=', 2);
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
