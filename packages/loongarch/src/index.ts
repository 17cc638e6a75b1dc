/**
 * `@vmemmap/loongarch`: how LoongArch backs the vmemmap.
 *
 * @packageDocumentation
 */
export type { LoongarchConfig } from './config.ts';
export { loongarch } from './loongarch.ts';
export { type PageWalkControllers, setupPtwalker } from './page-walk.ts';
export { LoongarchEntryReader, type LoongarchPaging, rootOfPgdh } from './walker.ts';
