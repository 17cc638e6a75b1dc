import { VmemmapError } from '@vmemmap/core';
import { expect, test } from 'vitest';
import type { Output } from '../src/io.ts';
import { oneLine, reportError } from '../src/report-error.ts';

function report(error: unknown): { code: number; lines: string[] } {
  const lines: string[] = [];
  const output = { write: (text: string) => lines.push(text) } as unknown as Output;
  return { code: reportError(error, { stdout: output, stderr: output, env: {}, cwd: '', now: () => 0 }, false), lines };
}

test('who speaks is left out, but for plugins', () => {
  expect(oneLine('@vmemmap/core: a')).toBe('a');
  expect(oneLine('@vmemmap/cli: a')).toBe('a');
  expect(oneLine('@vmemmap/x86: a')).toBe('x86: a');
  expect(oneLine('somebody: a')).toBe('somebody: a');
});

test('a message is one line', () => {
  expect(oneLine('a\n  b\t\u001b[31mc')).toBe('a b [31mc');
});

test('an error that nobody expected is a bug', () => {
  const { code, lines } = report(new TypeError('x is not a function'));
  expect(lines).toEqual(['vmemmap: x is not a function; this is a bug of vmemmap or of a plugin, please report it\n']);
  expect(code).toBe(70);
});

test('tables that do not fit into the process are no bug', () => {
  const { code, lines } = report(new RangeError('Array buffer allocation failed'));
  expect(lines).toEqual([expect.stringContaining('need more memory than this process can have')]);
  expect(code).toBe(2);
});

test('what the file system says is one line', () => {
  const error = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
  expect(report(error)).toEqual({ code: 2, lines: ['vmemmap: EIO: i/o error, read\n'] });
});

test('the modelled kernel stopping is an outcome', () => {
  expect(report(new VmemmapError('KERNEL_PANIC', 'stopped')).code).toBe(1);
  expect(report(new VmemmapError('BAD_CONFIG', 'wrong')).code).toBe(2);
});
