import type { PopulateContext } from '../contract/context.ts';
import { fillEmpty } from './fill-empty.ts';
import type { PageTableFormat } from './format.ts';

/**
 * Makes init_mm's root table, all of its entries empty.
 * @param pa where it lies: memory that `InitMm.allocRoot` gave
 */
export function createRootTable(m: PopulateContext, format: PageTableFormat, pa: number): void {
  const slot = m.tables.create(pa, 8 * 2 ** format.levels[0]!.indexBits);
  fillEmpty(m.tables, format, 0, slot);
}
