import { EventLog, isVmemmapError } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';

describe('EventLog', () => {
  it('records a once-kind a single time and counts on', () => {
    const log = new EventLog();
    for (const n of [1, 2, 3]) log.record('pr_warn_once', 'a', 'f.c:f', () => `first of ${n}`);
    log.record('pr_warn_once', 'a', 'f.c:f', () => 'no more', 4);
    log.record('WARN', 'b', 'f.c:g', () => 'x');
    log.record('WARN', 'b', 'f.c:g', () => 'y');
    expect(log.all).toEqual([
      { kind: 'pr_warn_once', id: 'a', source: 'f.c:f', message: 'first of 1', count: 7 },
      { kind: 'WARN', id: 'b', source: 'f.c:g', message: 'x', count: 1 },
      { kind: 'WARN', id: 'b', source: 'f.c:g', message: 'y', count: 1 },
    ]);
  });

  it('stops the model where the kernel stops, and says where', () => {
    const log = new EventLog();
    const stopped = (kind: 'panic' | 'BUG_ON'): unknown => {
      try {
        return log.stop(kind, 'c', 'mm/x.c:f', 'no memory');
      } catch (error) {
        return error;
      }
    };
    const panic = stopped('panic');
    expect(isVmemmapError(panic) && [panic.code, panic.message]).toEqual([
      'KERNEL_PANIC',
      '@vmemmap/core: the modelled kernel stopped with panic in mm/x.c:f: no memory',
    ]);
    expect(stopped('BUG_ON')).toMatchObject({ code: 'KERNEL_BUG' });
    expect(log.all).toHaveLength(2);
    expect(isVmemmapError(new Error('x'))).toBe(false);
    expect(isVmemmapError(null)).toBe(false);
  });
});
