import {
  type Clause,
  type ClauseDefinition,
  clauses,
  defineClause,
  type Report,
  runConformance,
  subjectOf,
} from '@vmemmap/conformance';
import { type ReferenceConfig, reference } from '@vmemmap/conformance/reference';
import { type ArchPlugin, runScenario, vmemAltmap } from '@vmemmap/core';
import { readScenario } from '@vmemmap/core/capture';
import { describe, expect, it } from 'vitest';
import { brokenVariants } from './broken-variants.ts';

const mine = (check: ClauseDefinition['check']): Clause =>
  defineClause({ id: 'MY-1', level: 'required', area: 'mine', title: 'mine', why: 'mm/mine.c:mine', check });

const failing = (clause: string): ArchPlugin<ReferenceConfig> =>
  brokenVariants.find((variant) => variant.clause === clause)!.plugin;

const factsOf = ({ results }: Report) => results.find(({ kind }) => kind === 'failed')!.failure!.facts;

const run = (clause: Clause) => factsOf(runConformance(reference, { clauses: [clause] }));

describe('steps', () => {
  it('are noted by the machine itself, with what came of them', () => {
    const facts = run(
      mine((subject, fail) => {
        const machine = subject.fresh({ memory: 'two-nodes', release: '7.3' });
        machine.populateSection(0x40000, 0x8000, 0);
        machine.failures.add({ nth: 1, times: Number.POSITIVE_INFINITY });
        machine.populateSection(0x60000, 512, 1);
        machine.failures.clear();
        machine.createAddressSpace('process');
        machine.devices.memremap({ id: 'dax0.0', node: 0, ranges: [{ start: 2 ** 34, end: 2 ** 34 + 2 ** 27 }] });
        fail({ machine, expected: `this of ${machine.memory.nodes.length}`, found: 'that' });
      }),
    );
    expect(facts.steps).toEqual([
      "machine = subject.fresh({ memory: 'two-nodes', release: '7.3' })",
      'machine.populateSection(0x40000, 0x8000, 0)',
      'machine.failures.add({ nth: 1, times: Infinity })',
      'machine.populateSection(0x60000, 512, 1) // returned false',
      'machine.failures.clear()',
      "machine.createAddressSpace('process')",
      "machine.devices.memremap({ id: 'dax0.0', node: 0, ranges: [{ start: 0x400000000, end: 0x408000000 }] })",
    ]);
  });

  it('are those of the machine that is wrong', () => {
    const facts = run(
      mine((subject, fail) => {
        const machine = subject.fresh();
        machine.freeMapBootmem(0);
        subject.fresh().freeMapBootmem(1);
        fail({ machine, expected: 'this', found: 'that' });
      }),
    );
    expect(facts.steps).toEqual(['machine = subject.fresh()', 'machine.freeMapBootmem(0)']);
  });

  it('are those of the machine that was last at work, where something was thrown', () => {
    const facts = run(
      mine((subject) => {
        subject.fresh({ booted: false }).boot().ops.vmemmapPopulate(0x1000000, 0x1200000, 0, undefined, undefined);
        throw new Error('no way');
      }),
    );
    expect(facts.found).toBe('Error: no way');
    expect(facts.steps?.slice(0, 2)).toEqual(['machine = subject.fresh({ booted: false })', 'machine.boot()']);
    expect(facts.steps?.[2]).toMatch(/^machine\.ops\.vmemmapPopulate\(0x1000000, 0x1200000, 0\)$/);
  });

  it('call an altmap by its name, since it has a state', () => {
    const facts = run(
      mine((subject, fail) => {
        const machine = subject.fresh();
        const altmap = vmemAltmap(0x40000, 0x47fff, 2, 1024);
        machine.populateSection(0x40000, 0x8000, 0, altmap);
        machine.depopulateSection(0x40000, 0x8000, altmap);
        machine.populateSection(0x60000, 0x8000, 0, vmemAltmap(0x60000, 0x67fff, 2, 1024));
        fail({ machine, expected: 'this', found: 'that' });
      }),
    );
    expect(facts.steps?.slice(1)).toEqual([
      'machine.populateSection(0x40000, 0x8000, 0, altmap = vmemAltmap(0x40000, 0x47fff, 2, 1024))',
      'machine.depopulateSection(0x40000, 0x8000, altmap)',
      'machine.populateSection(0x60000, 0x8000, 0, altmap1 = vmemAltmap(0x60000, 0x67fff, 2, 1024))',
    ]);
  });

  it('do not change what the machine does', () => {
    const { arch, geometry, fresh } = subjectOf(reference);
    const machine = fresh();
    expect(machine.verify().problems).toEqual([]);
    expect(machine.ops.walker).toBe(machine.ops.walker);
    expect(machine.arch).toBe(arch);
    expect(machine.memory.ranges).toEqual(geometry.memory('one-node').ranges);
  });

  it('are cut short in a message', () => {
    const report = runConformance(reference, {
      clauses: [
        mine((subject, fail) => {
          const machine = subject.fresh();
          for (let n = 0; n < 20; n++) machine.createAddressSpace(`process ${n}`);
          fail({ machine, expected: 'this', found: 'that' });
        }),
      ],
    });
    expect(factsOf(report).steps).toHaveLength(21);
    expect(report.results[0]!.message).toContain('    … 13 more\n');
    expect(report.results[0]!.message.split('\n').length).toBeLessThan(16);
  });
});

describe('the smallest example', () => {
  it('is on one node where one is enough', () => {
    const facts = factsOf(runConformance(failing('MAP-1'), { clauses: clauses.filter(({ id }) => id === 'MAP-1') }));
    expect(facts.steps).toEqual(["machine = subject.fresh({ memory: 'one-node' })"]);
    expect(facts.machine).not.toContain('node 1');
  });

  it('keeps the second node where it matters', () => {
    const facts = factsOf(
      runConformance(failing('ALLOC-3'), { clauses: clauses.filter(({ id }) => id === 'ALLOC-3') }),
    );
    expect(facts.machine).toContain('node 1');
  });
});

describe('the scenario', () => {
  it('does the same, as a file', () => {
    const plugin = failing('MAP-7');
    const facts = factsOf(runConformance(plugin, { clauses: clauses.filter(({ id }) => id === 'MAP-7') }));
    const scenario = readScenario(JSON.stringify(facts.scenario), 'a scenario');
    expect(scenario.steps).toHaveLength(1);
    const { machine, steps } = runScenario(scenario, plugin as unknown as ArchPlugin);
    expect(steps.map(({ op, errno }) => [op, errno])).toEqual([['add-pages', 0]]);
    expect(machine.verify().problems).not.toEqual([]);
  });

  it('is there for most of what can go wrong', () => {
    const found = brokenVariants.map(({ clause, plugin, config }) => {
      const only = clauses.filter(({ id }) => id === clause);
      return factsOf(runConformance(plugin, { configs: [config ?? {}], clauses: only })).scenario !== undefined;
    });
    expect(found.filter((there) => there).length).toBeGreaterThan(found.length / 2);
    expect(found).toContain(false);
  });

  it('is left out where the format has no word for a step', () => {
    const facts = run(
      mine((subject, fail) => {
        const machine = subject.fresh();
        machine.freeMapBootmem(0);
        fail({ machine, expected: 'this', found: 'that' });
      }),
    );
    expect(facts.scenario).toBeUndefined();
  });

  it('is left out where it does not come to the same', () => {
    const facts = run(
      mine((subject, fail) => {
        const machine = subject.fresh();
        // A scenario is refused what is there already.
        machine.populateSection(0x40000, 512, 0);
        machine.populateSection(0x40000, 0x8000, 0);
        fail({ machine, expected: 'this', found: 'that' });
      }),
    );
    expect(facts.steps).toHaveLength(3);
    expect(facts.scenario).toBeUndefined();
  });
});

describe('a clause', () => {
  it('has an architecture of its own', () => {
    const seen: unknown[] = [];
    const clause = mine((subject) => void seen.push(subject.arch));
    runConformance(reference, { clauses: [clause, clause] });
    expect(seen).toHaveLength(2);
    expect(seen[0]).not.toBe(seen[1]);
  });

  it('finds state that leaked long ago', () => {
    const plugin = failing('CON-3');
    for (let n = 0; n < 2; n++) {
      const { ok } = runConformance(plugin, { clauses: clauses.filter(({ id }) => id === 'CON-3') });
      expect(ok).toBe(false);
    }
  });
});
