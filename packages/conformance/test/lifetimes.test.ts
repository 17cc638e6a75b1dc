import { ClauseFailure } from '@vmemmap/conformance';
import { mountRandomLives } from '@vmemmap/conformance/random';
import { reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';
import { type Break, broken } from './broken.ts';

describe('the reference', () => {
  mountRandomLives({ describe, it }, reference, { configs: [{}, { hugePages: false }] });
});

/** Whether random lives find out that something is wrong with an architecture. */
function isFoundOut(change: Break): boolean {
  let failed = false;
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (_: string, body: () => void) => {
      try {
        body();
      } catch {
        failed = true;
      }
    },
  };
  mountRandomLives(runner, broken(change), { configs: [{}], lives: 8 });
  return failed;
}

describe('random lives find an architecture that', () => {
  it.each<[string, Break]>([
    ['is nothing of the kind below', {}],
    ['frees nothing and says it does', { ops: () => ({ vmemmapFree: () => {} }) }],
    [
      'frees half',
      { ops: (ops) => ({ vmemmapFree: (start, end, altmap) => ops.vmemmapFree(start, (start + end) / 2, altmap) }) },
    ],
    [
      'frees what lies before as well',
      { ops: (ops) => ({ vmemmapFree: (_start, end, altmap) => ops.vmemmapFree(0, end, altmap) }) },
    ],
    [
      'keeps tables',
      { context: (m) => ({ freePages: (pa, size) => (size === 4096 ? 'reserved' : m.freePages(pa, size)) }) },
    ],
    ['takes no references', { context: () => ({ getPage: () => {} }) }],
    [
      'ignores an altmap',
      {
        ops: (ops) => ({
          vmemmapPopulate: (start, end, node, _altmap, pgmap) =>
            ops.vmemmapPopulate(start, end, node, undefined, pgmap),
        }),
      },
    ],
    [
      'says that all is well without memory',
      { ops: (ops) => ({ vmemmapPopulate: (...args) => ops.vmemmapPopulate(...args) && 0 }) },
    ],
  ])('%s', (what, change) => {
    expect(isFoundOut(change)).toBe(!what.startsWith('is nothing'));
  });
});

describe('a failure of a random life', () => {
  const failureOf = (replay: { readonly seed?: number; readonly path?: string }): ClauseFailure | undefined => {
    let failure: unknown;
    const it = (_: string, body: () => void): void => {
      try {
        body();
      } catch (error) {
        failure ??= error;
      }
    };
    const plugin = broken({ ops: () => ({ vmemmapFree: () => {} }) });
    mountRandomLives({ describe: (_, body) => body(), it }, plugin, { configs: [{}], lives: 30, ...replay });
    return failure as ClauseFailure | undefined;
  };

  it('has the seed, and machine and steps of the smallest example', () => {
    const failure = failureOf({ seed: 7 });
    expect(failure).toBeInstanceOf(ClauseFailure);
    const { seed, path, steps = [], machine } = failure!.facts;
    expect(seed).toBe(7);
    expect(machine).toMatch(/^reference on .*, RAM node 0 0x0-/);
    expect(steps[0]).toMatch(/^machine = subject\.fresh\(\{ release: /);
    expect(steps.length).toBeLessThan(5);
    expect(failure!.message).toContain(`  seed 7, path "${path}"\n`);
  });

  it('can be met again', () => {
    const first = failureOf({ seed: 7 })!;
    expect(failureOf({ seed: 7, path: first.facts.path! })!.message).toBe(first.message);
  });
});
