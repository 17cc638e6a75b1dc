/**
 * `@vmemmap/sparc`: how sparc64 backs the vmemmap.
 *
 * @packageDocumentation
 */
export type { SparcConfig } from './config.ts';
export { sparc } from './sparc.ts';
export { SparcEntryReader, type SparcTlb } from './walker.ts';
