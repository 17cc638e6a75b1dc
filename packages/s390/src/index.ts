/**
 * `@vmemmap/s390`: how s390 backs the vmemmap.
 *
 * @packageDocumentation
 */
export type { S390Config } from './config.ts';
export type { KernelLayout } from './layout.ts';
export { s390, s390Layout } from './s390.ts';
export { type Asce, readAsce, S390EntryReader, type S390Paging } from './walker.ts';
