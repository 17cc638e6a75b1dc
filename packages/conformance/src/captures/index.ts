/**
 * `@vmemmap/conformance/captures`: a plugin against captures of real kernels.
 *
 * @packageDocumentation
 */
export { type CaptureFile, type CaptureResult, checkCapture } from './check.ts';
export { mountCaptures } from './mount.ts';
export { type Tampering, tamperings } from './tamperings.ts';
