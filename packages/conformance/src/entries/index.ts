/**
 * `@vmemmap/conformance/entries`: a plugin against entries of real kernels, where there is no capture.
 *
 * @packageDocumentation
 */
export { type KernelEntries, type KernelEntry, type KernelWalk, mountKernelEntries } from './mount.ts';
