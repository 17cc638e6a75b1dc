/**
 * `@vmemmap/conformance/reference`: the smallest architecture plugin that keeps every clause. Read it to write your own:
 * reference.ts (what the plugin declares), ops.ts (what it does on a machine), format.ts (how its entries are written),
 * reader.ts (how the CPU reads them), free.ts and sync.ts.
 *
 * @packageDocumentation
 */
export type { ReferenceConfig } from './config.ts';
export { reference } from './reference.ts';
