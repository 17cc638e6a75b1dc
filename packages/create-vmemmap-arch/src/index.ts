/**
 * `npm create vmemmap-arch <name>`: makes the package of a new architecture plugin.
 *
 * @packageDocumentation
 */
export { type Output, run, type TextStream } from './command.ts';
