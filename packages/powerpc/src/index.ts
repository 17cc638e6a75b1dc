/**
 * `@vmemmap/powerpc`: how 64-bit powerpc backs the vmemmap.
 *
 * @packageDocumentation
 */
export type { PowerpcConfig } from './config.ts';
export { HashOps } from './hash-ops.ts';
export type { HashTableMemory } from './hash-table.ts';
export { type HashPaging, HashWalker } from './hash-walker.ts';
export { powerpc } from './powerpc.ts';
export { RadixOps } from './radix-ops.ts';
export { RadixEntryReader } from './walker.ts';
