import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readScenario, scenarioJsonSchema } from '../src/capture/index.ts';
import { errnoName, runScenario } from '../src/index.ts';
import { tableless } from './tableless.ts';

const machine = { arch: 'tableless', memory: [{ start: '0x0', end: '0x40000000' }] };
const text = (over: object): string =>
  JSON.stringify({ format: 'vmemmap-scenario/1', name: 'x', machine, steps: [], ...over });
const read = (over: object) => readScenario(text(over), 'x.json');

describe('a scenario as it is read', () => {
  it('has addresses as numbers or as hex text, and defaults', () => {
    expect(
      read({
        steps: [
          { op: 'memremap', id: 'd', node: 0, start: 4096, end: '0x2000' },
          { op: 'hugetlb-optimize', size: '0x200000', pages: [{ start: 0, count: 1 }] },
        ],
      }),
    ).toMatchObject({
      machine: { config: {}, memory: [{ node: 0, start: 0, end: 2 ** 30 }] },
      steps: [
        { op: 'memremap', ranges: [{ start: 4096, end: 8192 }], vmemmapShift: 0, altmap: undefined },
        { op: 'hugetlb-optimize', size: 2 ** 21, boot: false },
      ],
    });
  });

  it('may be a capture', () => {
    const file = new URL('../../x86/fixtures/hotplug-removed.json', import.meta.url);
    expect(readScenario(readFileSync(file, 'utf8'), 'hotplug-removed.json').steps.map(({ op }) => op)).toEqual([
      'hotplug-add',
      'hotplug-add',
      'hotplug-remove',
    ]);
  });

  it.each([
    ['an unknown operation', { steps: [{ op: 'explode' }] }, 'steps.0.op'],
    ['a mistyped key', { steps: [{ op: 'process', nmae: 'x', name: 'y' }] }, 'steps.0'],
    ['a range and ranges', { steps: [{ op: 'memremap', id: 'd', node: 0, start: 0, end: 1, ranges: [] }] }, 'ranges'],
    ['no range', { steps: [{ op: 'memremap', id: 'd', node: 0 }] }, 'must have start and end, or ranges'],
    ['an address that is none', { steps: [{ op: 'remove-pages', start: 'x', end: 0 }] }, 'steps.0.start'],
    ['a failure of something unknown', { steps: [{ op: 'process', name: 'x', fail: [{ source: 'disk' }] }] }, 'fail'],
    ['no memory', { machine: { ...machine, memory: [] } }, 'machine.memory'],
    ['another format', { format: 'vmemmap-scenario/9' }, 'format'],
  ])('refuses %s in one line, and says where', (_, over, where) => {
    const refused = expect.objectContaining({ code: 'BAD_FORMAT', message: expect.stringContaining(where) });
    expect(() => read(over)).toThrow(refused);
    expect(() => read(over)).not.toThrow('\n');
  });

  it('has a JSON Schema', () => {
    expect(scenarioJsonSchema()).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['format', 'name']),
    });
  });
});

describe('a scenario as it runs', () => {
  const plugin = tableless(['free', 'memory-hotplug']);
  const GiB = 2 ** 30;
  const run = (steps: readonly object[], release = '7.2') => runScenario(read({ steps }), plugin, { release });
  const add = { op: 'hotplug-add', node: 0, start: GiB, end: GiB + 2 ** 27 };

  it('accounts for what boot and each step took, gave back and counted', () => {
    const { boot, steps } = run([add, { op: 'hotplug-remove', start: add.start, end: add.end }]);
    const memmap = 2 ** 27 / 64;
    expect(boot).toMatchObject({ op: 'boot', errno: 0, counters: { nr_memmap_boot_pages: 4096 } });
    expect(steps[0]).toMatchObject({ frames: { taken: memmap, returned: 0 }, counters: { nr_memmap_pages: 512 } });
    expect(steps[1]).toMatchObject({ frames: { taken: 0, returned: memmap }, counters: { nr_memmap_pages: -512 } });
  });

  it('goes on after a step that the kernel refuses', () => {
    const { steps } = run([add, add, { ...add, start: add.end, end: add.end + 2 ** 27 }]);
    expect(steps.map(({ errno }) => errnoName(errno))).toEqual(['OK', 'EEXIST', 'OK']);
  });

  it('ends where the kernel stops, and says with what', () => {
    const { steps } = run([{ op: 'hotplug-remove', start: 4096, end: 8192 }, add]);
    expect(steps).toHaveLength(1);
    expect(steps[0]!.stopped).toMatch('check_hotplug_memory_range');
    expect(steps[0]!.events).toMatchObject([{ kind: 'BUG_ON', id: 'unaligned-hotplug-range' }]);
  });

  it('lets failures happen in their step alone', () => {
    const fail = [{ source: 'slab' }];
    const { steps } = run([{ ...add, fail }, add]);
    expect(steps.map(({ errno }) => errnoName(errno))).toEqual(['ENOMEM', 'OK']);
  });

  it('refuses memory hotplug on an architecture without, and names the step', () => {
    const without = tableless(['free']);
    expect(() => runScenario(read({ steps: [add] }), without)).toThrow(
      expect.objectContaining({
        code: 'NOT_SUPPORTED',
        message: expect.stringMatching(/^@vmemmap\/core: step 1 \(hotplug-add\): tableless has no memory hotplug/),
      }),
    );
  });

  it('watches with whoever watches besides', () => {
    const seen: string[] = [];
    runScenario(read({ steps: [add] }), plugin, { trace: ({ step }) => seen.push(step) });
    expect(seen.filter((step) => step === 'section')).toHaveLength(9);
  });
});
