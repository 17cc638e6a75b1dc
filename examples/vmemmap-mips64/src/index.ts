/**
 * `vmemmap-mips64`: how mips64 backs the vmemmap.
 *
 * @packageDocumentation
 */
export { type Mips64Config, mips64 } from './mips64.ts';
