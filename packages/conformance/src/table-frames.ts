import type { Machine } from '@vmemmap/core';

/** One page table of the window. */
export interface TableFrame {
  readonly pa: number;
  readonly bytes: number;
  /** Name of its level. */
  readonly level: string;
}

/** The tables of the window, init_mm's unless told otherwise. */
export function tableFrames(machine: Machine, root?: number): readonly TableFrame[] {
  const { levels } = machine;
  return [...machine.tables(root)].map(({ pa, level }) => ({
    pa,
    bytes: levels[level]!.bytes,
    level: levels[level]!.name,
  }));
}
