import { arm64 } from '@vmemmap/arm64';
import { type ArchPlugin, type Machine, runScenario, type Scenario, type ScenarioStep } from '@vmemmap/core';
import { loongarch } from '@vmemmap/loongarch';
import { powerpc } from '@vmemmap/powerpc';
import { riscv } from '@vmemmap/riscv';
import { s390 } from '@vmemmap/s390';
import { sparc } from '@vmemmap/sparc';
import { x86 } from '@vmemmap/x86';
import { describe, expect, it } from 'vitest';

const KiB = 2 ** 10;
const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** Where device memory begins: above all RAM here, and a multiple of every compound. */
const DEVICE = 32 * GiB;

// biome-ignore lint/suspicious/noExplicitAny: plugins of every configuration
type AnyPlugin = ArchPlugin<any>;

/** A machine whose second half is one huge page, or that gets a device of one compound. */
function run(
  plugin: AnyPlugin,
  config: object,
  release: string,
  size: number,
  step: ScenarioStep | undefined,
): Machine {
  const start = plugin.arch === 'arm64' ? GiB : 0;
  const end = Math.max(4 * GiB, 2 * size) + start;
  const scenario: Scenario = {
    name: 'savings',
    machine: { arch: plugin.arch, release, config: { ...config }, memory: [{ node: 0, start, end }] },
    steps: step === undefined ? [] : [step],
  };
  return runScenario(scenario, plugin).machine;
}

/** Where the huge page lies. */
function placeOf(size: number): number {
  return Math.max(2 * GiB, size);
}

/** Pages of memory that hold the struct pages of a stretch of physical memory; each counts once, however often mapped. */
function pagesOf(machine: Machine, start: number, size: number): number {
  const { pageShift, structPageSize } = machine.model;
  const page = 2 ** pageShift;
  const bytes = (size / page) * structPageSize;
  if (bytes < page) return bytes / page;
  const first = machine.offsetOfPage(start / page);
  const count = Math.ceil(bytes / page);
  const pas = new Int32Array(2 * count);
  machine.translateRange(first, page, count, pas);
  const frames = new Set<number>();
  for (let n = 0; n < count; n++) frames.add((pas[2 * n + 1]! * 2 ** 32 + (pas[2 * n]! >>> 0)) / page);
  return frames.size;
}

/** What a huge page keeps for itself: its pages, less the one of the zone. */
function optimized(plugin: AnyPlugin, config: object, release: string, size: number): number | string {
  const start = placeOf(size);
  const pages = [{ start, count: 1 }];
  const machine = run(plugin, config, release, size, { op: 'hugetlb-optimize', size, pages, boot: false });
  const { inert } = machine.hugetlb.sizes.find((one) => one.size === size)!;
  if (inert !== undefined) return 'none';
  return pagesOf(machine, start, size) - machine.hugetlb.sharedTails.length;
}

/** Pages of a compound of device memory, or `none` where they are as many as without. */
function device(plugin: AnyPlugin, config: object, size: number): number | string {
  if (!plugin.capabilities.includes('memory-hotplug')) return 'none';
  const bare = plugin(config);
  const vmemmapShift = Math.log2(size) - bare.model.pageShift;
  // Whole sections, and a compound at least.
  const bytes = Math.max(size, 2 ** bare.model.sectionSizeBits);
  const ranges = [{ start: DEVICE, end: DEVICE + bytes }];
  const op = { op: 'memremap', id: 'dax', node: 0, ranges, vmemmapShift, altmap: undefined } as const;
  const machine = run(plugin, config, '7.2', 0, op);
  expect(machine.devices.devices).toHaveLength(1);
  const total = ((size / 2 ** bare.model.pageShift) * machine.model.structPageSize) / 2 ** bare.model.pageShift;
  const kept = pagesOf(machine, DEVICE, size);
  return kept >= total ? 'none' : kept;
}

const NO_KFENCE = { kfence: false };

/** Pages of struct pages of a huge page: all of them, kept by HVO on 6.12 and on 7.2, kept by DAX. */
const TABLE: readonly (readonly [
  AnyPlugin,
  object,
  number,
  number,
  number | string,
  number | string,
  number | string,
])[] = [
  [riscv, {}, 64 * KiB, 1 / 4, 'none', 'none', 'none'],
  [arm64, {}, 64 * KiB, 1 / 4, 'none', 'none', 'none'],
  [s390, {}, MiB, 4, 'none', 'none', 'none'],
  [x86, {}, 2 * MiB, 8, 1, 1, 2],
  [x86, { la57: false }, 2 * MiB, 8, 1, 1, 2],
  [riscv, {}, 2 * MiB, 8, 1, 1, 2],
  [arm64, {}, 32 * MiB, 128, 'none', 'none', 'none'],
  [x86, {}, GiB, 4096, 1, 1, 2],
  [riscv, { mode: 'sv39' }, GiB, 4096, 1, 1, 2],
  [powerpc, {}, 2 * MiB, 8, 'none', 'none', 2],
  [powerpc, {}, GiB, 4096, 'none', 'none', 2],
  [sparc, { memcg: false }, 8 * MiB, 8, 'none', 'none', 'none'],
  [loongarch, NO_KFENCE, 32 * MiB, 8, 1, 1, 'none'],
  // Struct pages of 80 bytes: off, and nothing is said.
  [loongarch, {}, 32 * MiB, 10, 'none', 'none', 'none'],
  [arm64, { pageSize: 65536 }, 2 * MiB, 1 / 32, 'none', 'none', 'none'],
  [arm64, { pageSize: 65536 }, 512 * MiB, 8, 'none', 'none', 'none'],
  [loongarch, { ...NO_KFENCE, pageSize: 65536 }, 512 * MiB, 8, 1, 1, 'none'],
  [powerpc, { pageSize: 65536 }, GiB, 16, 'none', 'none', 2],
];

describe('what huge pages save, by running the model', () => {
  it.each(TABLE.map((row) => [row[0].arch, JSON.stringify(row[1]), row[2] / MiB, row] as const))(
    '%s %s, %d MiB',
    (_arch, _config, _size, [plugin, config, size, total, on612, on72, dax]) => {
      const whole = pagesOf(run(plugin, config, '7.2', size, undefined), placeOf(size), size);
      expect({
        total: whole,
        '6.12': optimized(plugin, config, '6.12', size),
        '7.2': optimized(plugin, config, '7.2', size),
        dax: device(plugin, config, size),
      }).toEqual({ total, '6.12': on612, '7.2': on72, dax });
    },
  );

  it.each([
    ['32 MiB', 13, 128],
    ['16 GiB', 22, 65536],
  ])('x86, compounds of device memory of %s', (_, vmemmapShift, total) => {
    const size = 4096 * 2 ** vmemmapShift;
    expect(device(x86, {}, size)).toBe(2);
    const plain = {
      op: 'memremap',
      id: 'dax',
      node: 0,
      ranges: [{ start: DEVICE, end: DEVICE + Math.max(size, 128 * MiB) }],
      vmemmapShift: 0,
      altmap: undefined,
    } as const;
    expect(pagesOf(run(x86, {}, '7.2', 0, plain), DEVICE, size)).toBe(total);
  });

  it('all huge pages of a zone and size share one page more, since 7.x', () => {
    const pages = [{ start: 2 * GiB, count: 512 }];
    const step: ScenarioStep = { op: 'hugetlb-optimize', size: 2 * MiB, pages, boot: false };
    expect(pagesOf(run(x86, {}, '7.2', 0, step), 2 * GiB, GiB)).toBe(512 + 1);
    expect(pagesOf(run(x86, {}, '6.12', 0, step), 2 * GiB, GiB)).toBe(512);
  });
});
