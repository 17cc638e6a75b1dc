/**
 * `@vmemmap/conformance/command`: what commands that run the kit share. The only part that needs Node.
 *
 * @packageDocumentation
 */
export { parseConfig } from './config.ts';
export { guarded } from './guarded.ts';
export { importPlugin, importPlugins } from './import-plugins.ts';
export { readText, STDIN } from './read-text.ts';
export { type CommandIo, run } from './run.ts';
