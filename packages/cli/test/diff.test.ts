import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { invoke, invokeJson, path } from './invoke.ts';

const EXAMPLES = path('../../examples/scenarios/');
const ALL = readdirSync(EXAMPLES).map((file) => `${EXAMPLES}${file}`);
const SEED = `${EXAMPLES}dax-new-top-level-entry.json`;

describe('vmemmap diff', () => {
  it('finds no difference between 7.3 and series-04 in any example, on any architecture', async () => {
    const { code, json } = await invokeJson('diff', ...ALL, '--from', '7.3', '--to', 'series-04', '--arch', 'all');
    expect(code).toBe(0);
    expect(json.results).toHaveLength(7 * ALL.length);
    const ran = json.results.filter(({ error }: { error?: object }) => error === undefined);
    expect(ran.length).toBeGreaterThan(3 * ALL.length);
    for (const { equal, sameBytes } of ran) expect({ equal, sameBytes }).toEqual({ equal: true, sameBytes: true });
  });

  it.each(['series-05', 'series-05-unsynced'])('shows the bug and its mend by %s, and nothing else', async (to) => {
    const { code, json } = await invokeJson('diff', SEED, '--from', '7.3-unsynced', '--to', to);
    expect(code).toBe(1);
    expect(json.results[0].changes.map(({ part, where }: { part: string; where: string }) => [part, where])).toEqual([
      ['event', 'step 3 (memremap): top-level entries copied to other address spaces'],
      ['process', 'init: pgd entry 469'],
      ['process', 'bash: pgd entry 469'],
    ]);
    expect(json.results[0].sameBytes).toBe(true);
  });

  it('prints what can be pasted into a review', async () => {
    const { code, out } = await invoke('diff', SEED, '--from', '7.3-unsynced', '--to', 'series-05');
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "a DAX namespace with 2 MiB compounds that needs a new top-level entry, with two processes running
      - x86, 7.3-unsynced: Linux 7.3-rc7 less the sync of new top-level entries
      + x86, series-05: Linux 7.3-rc7 with patches 1 to 5 of "Generalize vmemmap optimization for DAX and
          HugeTLB"

      address spaces
        init: pgd entry 469
          - missing: an access to 0xffffea8000000000 and on faults
          + as in init_mm
        bash: pgd entry 469
          - missing: an access to 0xffffea8000000000 and on faults
          + as in init_mm

      events
        step 3 (memremap): top-level entries copied to other address spaces
          - 0
          + 2

      3 differences; all tables of init_mm have the same bytes
      "
    `);
  });

  it('says what it looked at when nothing differs', async () => {
    const { code, out } = await invoke('diff', SEED, '--from', '7.3', '--to', 'series-04');
    expect(code).toBe(0);
    expect(out).toContain(
      'no difference: 3 steps, 24 sections, 21 tables with the same bytes, 8200 leaves, 3 address spaces',
    );
  });

  it('compares configurations and architectures, too', async () => {
    const levels = await invokeJson('diff', `${EXAMPLES}hotplug.json`, '--to-config', 'no-la57');
    expect(levels.code).toBe(1);
    expect(levels.json.results[0].changes.map(({ where }: { where: string }) => where)).toContain('levels');
    const { out } = await invoke('diff', `${EXAMPLES}hotplug.json`, '--to-config', 'no-la57');
    expect(out).toContain('\n- x86, la57=true, 7.3: Linux 7.3-rc7\n+ x86, la57=false, 7.3: Linux 7.3-rc7\n');
    const archs = await invokeJson('diff', `${EXAMPLES}hotplug.json`, '--from-arch', 'x86', '--to-arch', 'riscv');
    expect(archs).toMatchObject({ code: 1, json: { results: [{ arch: 'x86, riscv' }] } });
  });

  it('keeps as many differences as asked for', async () => {
    const { json } = await invokeJson('diff', SEED, '--from', '7.3', '--to', 'series-49', '--most', '1');
    expect(json.results[0].changes).toHaveLength(1);
    expect(json.results[0].changeCount).toBeGreaterThan(7000);
    const text = await invoke('diff', SEED, '--from', '7.3', '--to', 'series-49', '--most', '1');
    expect(text.out).toContain('not shown (see --most)');
  });

  it.each([
    ['nothing to compare', [SEED], 'both runs would be the same'],
    ['an unknown release', [SEED, '--from', '1', '--to', '7.3'], 'no release "1"'],
    ['no file', ['nowhere.json', '--from', '7.2', '--to', '7.3'], 'there is no such file'],
  ])('refuses %s in one line', async (_, argv, message) => {
    const { code, err } = await invoke('diff', ...argv);
    expect({ code, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toContain(message);
  });

  it.each([
    ['--from', '7.3', '--to', 'series-49'],
    ['--from', '6.12', '--to', '7.3'],
    ['--from-arch', 'x86', '--to-arch', 'powerpc'],
  ])('keeps lines within 100 columns, with %s %s %s %s', async (...argv) => {
    const { out } = await invoke('diff', ...ALL, ...argv);
    expect(out).toMatch(/^\d+ differences/m);
    // A word is never broken.
    for (const line of out.split('\n'))
      if (/^\s*([-+] )?\S+ \S/.test(line)) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('goes on with the others when a file is no scenario', async () => {
    const argv = ['diff', 'nowhere.json', SEED, '--from', '7.3', '--to', 'series-04'];
    const { code, out, err } = await invoke(...argv);
    expect({ code, err }).toEqual({ code: 2, err: 'vmemmap: nowhere.json: there is no such file\n' });
    expect(out).toContain('no difference: 3 steps');
    const { json } = await invokeJson(...argv);
    expect(json.results).toMatchObject([
      { scenario: 'nowhere.json', error: { code: 'BAD_ARGUMENT' } },
      { scenario: 'dax-new-top-level-entry', equal: true, sameBytes: true, changes: [], changeCount: 0 },
    ]);
  });

  it('says on which architecture a step cannot be done, and that is no error with all of them', async () => {
    const argv = [`${EXAMPLES}hotplug.json`, '--from', '7.2', '--to', '7.3', '--arch'];
    const all = await invoke('diff', ...argv, 'all');
    expect(all.out).toContain('hotplug: not on sparc: step 1 (hotplug-add): sparc has no memory hotplug');
    expect(all.code).not.toBe(2);
    expect((await invoke('diff', ...argv, 'sparc')).code).toBe(2);
  });
});
