/**
 * `@vmemmap/x86`: how x86-64 backs the vmemmap.
 *
 * @packageDocumentation
 */
export type { X86Config } from './config.ts';
export { rootOfCr3, X86EntryReader, type X86Paging } from './walker.ts';
export { x86 } from './x86.ts';
