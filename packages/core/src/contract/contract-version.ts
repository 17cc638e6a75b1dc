import { VmemmapError } from '../errors.ts';

/**
 * The version of the contract between core and plugins. A plugin carries the one it was made for;
 * it changes only when an existing plugin would no longer work.
 */
export const CONTRACT_VERSION = 1;

// Of a symbol that all copies of this package share, and not in a table of one of them.
const CONTRACT = Symbol.for('@vmemmap/contract');

/**
 * Checks that what a plugin was made for is what this core has.
 * @throws VmemmapError `CONTRACT_VERSION`, or `BAD_PLUGIN` when it is no version at all
 */
export function checkContract(name: string, contract: unknown): void {
  if (typeof contract !== 'number' || !Number.isSafeInteger(contract)) {
    const message = `plugin ${name} carries no contract version; make it with definePlugin()`;
    throw new VmemmapError('BAD_PLUGIN', message);
  }
  if (contract === CONTRACT_VERSION) return;
  // The packages of one release have one contract: core is not updated alone.
  const what =
    contract > CONTRACT_VERSION
      ? 'update @vmemmap/core, with @vmemmap/conformance and @vmemmap/cli where they are used'
      : 'update the plugin; if it is your own, the guide to contract changes lists what to do';
  throw new VmemmapError(
    'CONTRACT_VERSION',
    `plugin ${name} was made for contract ${contract}, this core has contract ${CONTRACT_VERSION}; ${what}`,
  );
}

/** Writes on an architecture which contract its plugin was made for, so that a machine of another copy of core can tell. */
export function markContract<T>(arch: T, contract: number): T {
  // What is no object, checkArch() refuses; what is frozen goes unmarked, and its plugin alone is checked. A plugin that
  // hands on what another made knows no better than that one.
  if (typeof arch === 'object' && arch !== null && Object.isExtensible(arch) && !(CONTRACT in arch))
    Object.defineProperty(arch, CONTRACT, { value: contract });
  return arch;
}

/**
 * Checks an architecture's mark; one that was made by hand has none.
 * @throws VmemmapError as {@link checkContract}
 */
export function checkMark(arch: unknown): void {
  if (typeof arch !== 'object' || arch === null || !(CONTRACT in arch)) return;
  checkContract('name' in arch ? String(arch.name) : '', arch[CONTRACT]);
}
