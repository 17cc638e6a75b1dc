/**
 * `@vmemmap/vmcore/node`: dumps in files, with Node's own zlib.
 *
 * @packageDocumentation
 */

export { fileSource } from './file-source.ts';
export { inflatePage, openDump } from './open-dump.ts';
export { openRawFile, type RawPart } from './open-raw-file.ts';
