import { describe, expect, it } from 'vitest';
import { faults } from '../faults.mjs';
import { failedClauses } from '../run.mjs';

describe.concurrent('the kit alone', () => {
  for (const fault of faults) {
    it(`${fault.clause} names it: ${fault.in}, ${fault.what}`, async () => {
      expect(await failedClauses(fault)).toContain(fault.clause);
    });
  }
});

describe('the list', () => {
  it('has 40 faults and more, in core and in each of the seven', () => {
    expect(faults.length).toBeGreaterThanOrEqual(40);
    const places = new Set(faults.map((fault) => fault.in.split('/')[0]));
    expect([...places].sort()).toEqual(['arm64', 'core', 'loongarch', 'powerpc', 'riscv', 's390', 'sparc', 'x86']);
  });

  it('without a fault no clause fails', async () => {
    const { in: place, from } = faults[0];
    expect(await failedClauses({ in: place, from, to: from })).toEqual([]);
  });

  it('a fault that is nowhere to be found is an error', () => {
    expect(() => failedClauses({ ...faults[0], from: 'no such line' })).toThrow(/has 0 times "no such line", not once/);
  });
});
