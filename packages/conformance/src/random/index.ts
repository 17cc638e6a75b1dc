/**
 * `@vmemmap/conformance/random`: a plugin on random machines and with random entries.
 *
 * @packageDocumentation
 */
export { mountRandomMachines, type RandomOptions } from './mount.ts';
