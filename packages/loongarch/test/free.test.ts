import { type TraceStep, vmemAltmap } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { hotAdd, machine, PAGES } from './machine.ts';

const HOT = 64;

describe('vmemmap_free', () => {
  it('is empty: mappings, tables and memory stay, and no TLB is flushed', () => {
    for (const config of [{}, { maxPageOrder: 10 }, { levels: 2, cpuPabits: 39 }]) {
      const steps: TraceStep[] = [];
      const m = machine(config, undefined, { trace: (step) => void steps.push(step) });
      hotAdd(m, HOT);
      const state = (): unknown => [[...m.leaves()], [...m.tables()], m.ram.freeBytes(), m.tableMemory.count];
      const before = state();
      steps.length = 0;
      m.depopulateSection(HOT * PAGES, PAGES);
      expect(state()).toEqual(before);
      expect(steps).toEqual([]);
      expect(m.translatePage(HOT * PAGES).result.mapped).toBe(true);
      expect(m.counters.nr_memmap_pages).toBe(0);
    }
  });

  it('lets memory that comes back find its old struct pages', () => {
    const m = machine();
    hotAdd(m, HOT);
    const { pa } = m.translatePage(HOT * PAGES).result;
    const free = m.ram.freeBytes();
    for (let n = 0; n < 3; n++) {
      m.depopulateSection(HOT * PAGES, PAGES);
      hotAdd(m, HOT);
    }
    expect(m.translatePage(HOT * PAGES).result.pa).toBe(pa);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.counters.nr_memmap_pages).toBe(160);
  });

  it('does not touch the altmap', () => {
    const m = machine();
    const altmap = vmemAltmap(HOT * PAGES, (HOT + 1) * PAGES - 1, 2, 1000);
    m.populateSection(HOT * PAGES, PAGES, 0, altmap);
    m.depopulateSection(HOT * PAGES, PAGES, altmap);
    expect(altmap).toMatchObject({ alloc: 0, align: 0 });
  });

  it('keeps the struct pages of a boot section, though they are counted no more', () => {
    const m = machine();
    const { pa } = m.translatePage(0).result;
    const free = m.ram.freeBytes();
    m.freeMapBootmem(0);
    expect(m.translatePage(0).result).toMatchObject({ mapped: true, pa });
    expect(m.ram.isReserved(pa)).toBe(true);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.counters.nr_memmap_boot_pages).toBe(3 * 160);
    expect(m.events).toEqual([]);
  });
});
