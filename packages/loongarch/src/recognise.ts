import type { KernelFacts, Recognition } from '@vmemmap/core';
import { CACHE_BASE } from './direct-map.ts';

/** The windows map 48 bits (LoongArch Reference Manual 5.2.1). */
const WINDOW = 1n << 48n;
/** asm/loongarch.h: CSR_DMW0_BASE, the window of uncached memory. */
const UNCACHED_BASE = 0x8000_0000_0000_0000n;

/**
 * The configuration of a kernel. It has no lines of its own in VMCOREINFO: it is known by where its root table is, in the
 * direct-mapped window.
 */
export function recognise(kernel: KernelFacts): Recognition | undefined {
  const pgd = kernel.symbol('swapper_pg_dir');
  const { pageSize } = kernel;
  if (pgd === undefined || pageSize === undefined || pgd < CACHE_BASE || pgd >= CACHE_BASE + WINDOW) return undefined;
  const structPage = kernel.size('page');
  const tables = {
    invalidPteTable: 'invalid_pte_table',
    invalidPmdTable: 'invalid_pmd_table',
    invalidPudTable: 'invalid_pud_table',
  };
  const found = Object.entries(tables).flatMap(([key, symbol]) => {
    const address = kernel.symbol(symbol);
    return address === undefined ? [] : [[key, address] as const];
  });
  return {
    config: {
      pageSize,
      ...(structPage === undefined ? {} : { structPageSize: structPage }),
      ...Object.fromEntries(found),
    },
    how: {
      pageSize: 'PAGESIZE',
      structPageSize: 'SIZE(page)',
      ...Object.fromEntries(found.map(([key]) => [key, 'kallsyms'])),
    },
    root: Number(pgd - CACHE_BASE),
    direct: [
      { va: CACHE_BASE, bytes: WINDOW, pa: 0 },
      { va: UNCACHED_BASE, bytes: WINDOW, pa: 0 },
    ],
  };
}
