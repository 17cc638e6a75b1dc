/**
 * `@vmemmap/riscv`: how 64-bit RISC-V backs the vmemmap.
 *
 * @packageDocumentation
 */
export type { PagingMode, RiscvConfig } from './config.ts';
export { riscv } from './riscv.ts';
export { modeOfSatp, RiscvEntryReader, type RiscvPaging, RiscvWalker, rootOfSatp } from './walker.ts';
