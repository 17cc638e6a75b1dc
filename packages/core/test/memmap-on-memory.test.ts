import { describe, expect, it } from 'vitest';
import {
  type MemmapOnMemoryRules,
  memmapOnMemoryPages,
  supportsMemmapOnMemory,
} from '../src/hotplug/memmap-on-memory.ts';

const MiB = 2 ** 20;
const PAGE = 4096;
const pageTable = { entrySpan: () => 2 * MiB, format: { pmdLevel: 1 } };
const rules = (structPageSize: number, supports?: (size: number) => boolean) =>
  ({
    model: { pageShift: 12, sectionSizeBits: 27, maxPhysmemBits: 40, structPageSize, maxPageOrder: 10, bootGoal: 0 },
    arch: { capabilities: ['memmap-on-memory'] },
    ops: { pageTable, ...(supports && { supportsMemmapOnMemory: supports }) },
  }) as unknown as MemmapOnMemoryRules;

describe('memmap on memory', () => {
  it('takes the pages that the memmap needs, and whole pageblocks where it is forced', () => {
    expect(memmapOnMemoryPages(rules(56), 128 * MiB, 'on')).toBe(448);
    expect(memmapOnMemoryPages(rules(56), 128 * MiB, 'force')).toBe(512);
    expect(memmapOnMemoryPages(rules(64), 128 * MiB, 'on')).toBe(512);
    expect(memmapOnMemoryPages(rules(72), 128 * MiB, 'force')).toBe(1024);
  });

  it('must fill pageblocks, and huge pages unless the architecture says otherwise', () => {
    expect(supportsMemmapOnMemory(rules(64), 128 * MiB, 'on')).toBe(true);
    expect(supportsMemmapOnMemory(rules(64), 128 * MiB, 'off')).toBe(false);
    expect(supportsMemmapOnMemory(rules(56), 128 * MiB, 'on')).toBe(false);
    expect(supportsMemmapOnMemory(rules(56), 128 * MiB, 'force')).toBe(false);
    expect(
      supportsMemmapOnMemory(
        rules(56, () => true),
        128 * MiB,
        'force',
      ),
    ).toBe(true);
    expect(
      supportsMemmapOnMemory(
        rules(64, () => false),
        128 * MiB,
        'on',
      ),
    ).toBe(false);
  });

  it('must leave something of the block', () => {
    const all = rules(64, () => true);
    expect(memmapOnMemoryPages(all, 2 * MiB, 'force')).toBe((2 * MiB) / PAGE);
    expect(supportsMemmapOnMemory(all, 2 * MiB, 'force')).toBe(false);
    expect(supportsMemmapOnMemory(all, 4 * MiB, 'force')).toBe(true);
  });
});
