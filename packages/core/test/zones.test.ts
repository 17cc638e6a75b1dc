import { describe, expect, it } from 'vitest';
import { Zones } from '../src/memory/zones.ts';

const PAGE = 4096;
const DMA = 2 ** 24;
const DMA32 = 2 ** 32;

describe('zones', () => {
  it('are told apart by address', () => {
    const zones = new Zones({ zoneLimits: [DMA, DMA32] }, () => true);
    expect([0, DMA - PAGE, DMA, DMA32 - PAGE, DMA32].map((pa) => zones.zoneOf(pa))).toEqual([
      'DMA',
      'DMA',
      'DMA32',
      'DMA32',
      'Normal',
    ]);
    expect([0, DMA32].map((pa) => new Zones({ zoneLimits: [DMA32] }, () => true).zoneOf(pa))).toEqual([
      'DMA32',
      'Normal',
    ]);
    expect(new Zones({}, () => true).zoneOf(0)).toBe('Normal');
    expect(new Zones({ zoneLimits: [DMA, DMA32] }, () => false).zoneOf(0)).toBe('Movable');
  });

  it.each([
    [0, DMA, true],
    [0, DMA + PAGE, false],
    [DMA - PAGE, DMA + PAGE, false],
    [DMA, DMA32, true],
    [DMA32 - PAGE, DMA32 + PAGE, false],
    [DMA32, 2 * DMA32, true],
    [0, 2 * DMA32, false],
  ])('0x%x to 0x%x lies in one: %s', (start, end, one) => {
    expect(new Zones({ zoneLimits: [DMA, DMA32] }, () => true).isInOneZone(start, end)).toBe(one);
    expect(new Zones({}, () => true).isInOneZone(start, end)).toBe(true);
  });
});
