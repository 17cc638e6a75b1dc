import { describe, expect, it } from 'vitest';
import { boot, EBUSY, EINVAL, MemoryMap, OK, Ram } from '../src/index.ts';
import { Zones } from '../src/memory/zones.ts';
import { tableless } from './tableless.ts';

const GiB = 2 ** 30;
const BLOCK = 2 ** 27;

describe('Zones', () => {
  it('have memory of boot by its address, and what was added since in ZONE_MOVABLE', () => {
    const zones = new Zones({ zoneLimits: [2 ** 24, 4 * GiB] }, (pa) => pa < 8 * GiB);
    expect([0, 2 ** 24, 4 * GiB, 8 * GiB].map((pa) => zones.zoneOf(pa))).toEqual(['DMA', 'DMA32', 'Normal', 'Movable']);
  });
});

describe('memory of boot that went and came back', () => {
  it('is no memory of boot any more', () => {
    const ram = new Ram(new MemoryMap({ ranges: [{ node: 0, start: 0, end: 2 * GiB }] }, 4096, 40));
    expect(ram.isRemoved(GiB)).toBe(false);
    ram.takeOut(GiB, GiB + BLOCK);
    expect([GiB - 1, GiB, GiB + BLOCK - 1, GiB + BLOCK].map((pa) => ram.isRemoved(pa))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe('memory of a device as system RAM', () => {
  const machine = () =>
    boot({ arch: tableless(['free', 'memory-hotplug'])(), memory: { ranges: [{ node: 0, start: 0, end: 2 * GiB }] } });
  const present = (m: ReturnType<typeof machine>, from: number): [number, number][] =>
    [...m.sections()].filter(({ nr }) => nr * BLOCK >= from).map(({ nr, count }) => [nr * BLOCK, (nr + count) * BLOCK]);

  it('is its whole blocks', () => {
    const m = machine();
    expect(m.hotplug.onlineKmem({ node: 0, start: 4 * GiB + 4096, end: 5 * GiB - 4096 })).toBe(OK);
    expect(present(m, 4 * GiB)).toEqual([[4 * GiB + BLOCK, 5 * GiB - BLOCK]]);
    expect(m.events).toEqual([]);
  });

  it('is refused without a whole block, and where something is', () => {
    const m = machine();
    expect(m.hotplug.onlineKmem({ node: 0, start: 4 * GiB + 4096, end: 4 * GiB + BLOCK + 4096 })).toBe(EINVAL);
    expect(m.hotplug.onlineKmem({ node: 0, start: GiB, end: GiB + BLOCK })).toBe(EBUSY);
    expect(present(m, 4 * GiB)).toEqual([]);
  });
});
