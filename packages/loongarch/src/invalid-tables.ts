import { hex64, VmemmapError } from '@vmemmap/core';
import type { LoongarchConfig } from './config.ts';
import { CACHE_BASE, physicalAddress } from './direct-map.ts';

/**
 * Where Debian's 7.2.13 kernel has swapper_pg_dir. Its pages of bss follow in this order: invalid_pte_table,
 * invalid_pmd_table, and with four levels invalid_pud_table.
 */
const SWAPPER_PG_DIR = CACHE_BASE + 0x1b2_0000n;

/** Which levels of tables there are in a configuration, from the last one up, as far as they have an invalid table. */
const KEYS = ['invalidPteTable', 'invalidPmdTable', 'invalidPudTable'] as const;

/** The addresses of the invalid tables that a kernel of this configuration has, defaults filled in. */
export function invalidTables(config: LoongarchConfig): Pick<LoongarchConfig, (typeof KEYS)[number]> {
  const page = BigInt(config.pageSize);
  const address = (n: number): bigint | undefined =>
    n < config.levels - 1 ? (config[KEYS[n]!] ?? SWAPPER_PG_DIR + BigInt(n + 1) * page) : config[KEYS[n]!];
  return { invalidPteTable: address(0), invalidPmdTable: address(1), invalidPudTable: address(2) };
}

/** The same by the level of the entries that point to them, root first: what an empty entry of each level holds. */
export function emptyEntries(config: LoongarchConfig): readonly bigint[] {
  const tables = invalidTables(config);
  return KEYS.slice(0, config.levels - 1)
    .map((key) => tables[key]!)
    .reverse();
}

/** @throws VmemmapError `BAD_CONFIG` for an address that no table of the kernel image can have */
export function checkInvalidTables(config: LoongarchConfig): void {
  const bad = (message: string): never => {
    throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/loongarch');
  };
  const tables = invalidTables(config);
  const taken = new Map<bigint, string>();
  for (const [n, key] of KEYS.entries()) {
    const address = tables[key];
    if (address === undefined) continue;
    const text = `${key} ${hex64(address)}`;
    if (n >= config.levels - 1) bad(`${text}: a kernel with ${config.levels} levels has no such table; leave it out`);
    if (address % BigInt(config.pageSize) !== 0n)
      bad(`${text} must be a multiple of the page size 0x${config.pageSize.toString(16)}`);
    if (address >> 48n !== CACHE_BASE >> 48n || physicalAddress(address) >= 2 ** (config.cpuPabits + 1))
      bad(
        `${text} must be a cached direct-mapped address, 0x9000000000000000 and up to ${config.cpuPabits + 1} bits of physical address`,
      );
    const other = taken.get(address);
    if (other !== undefined) bad(`${text} is ${other}, too; give each table an address of its own`);
    taken.set(address, key);
  }
}
