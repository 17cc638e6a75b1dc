/**
 * `@vmemmap/conformance/random`: a plugin on random machines and with random entries.
 *
 * @packageDocumentation
 */
export { type LifeOptions, mountRandomLives } from './lifetimes.ts';
export { mountRandomMachines, type RandomOptions } from './mount.ts';
export type { Replay } from './property.ts';
