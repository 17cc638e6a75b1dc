import { type ArchPlugin, isVmemmapError, VmemmapError } from '@vmemmap/core';

/**
 * Runs code of a plugin on which nothing has been tested yet.
 * @param from the package whose command asks
 * @throws VmemmapError `BAD_PLUGIN` for whatever else it throws
 */
export function guarded<T>(plugin: Pick<ArchPlugin, 'arch'>, from: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isVmemmapError(error)) throw error;
    // Whatever else is thrown there comes out of the plugin.
    const reason = error instanceof Error ? error.message : String(error);
    const message = `plugin ${plugin.arch} fails on a machine of one section: ${reason}`;
    throw new VmemmapError('BAD_PLUGIN', message, from);
  }
}
