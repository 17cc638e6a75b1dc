/**
 * `@vmemmap/arm64`: how arm64 backs the vmemmap.
 *
 * @packageDocumentation
 */
export { arm64 } from './arm64.ts';
export type { Arm64Config } from './config.ts';
export { Arm64EntryReader, type Arm64Paging, rootOfTtbr1 } from './walker.ts';
