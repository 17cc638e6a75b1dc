import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { arm64 } from '@vmemmap/arm64';
import { type ArchPlugin, ArchRegistry, isPlugin, isVmemmapError, VmemmapError } from '@vmemmap/core';
import { loongarch } from '@vmemmap/loongarch';
import { powerpc } from '@vmemmap/powerpc';
import { riscv } from '@vmemmap/riscv';
import { s390 } from '@vmemmap/s390';
import { sparc } from '@vmemmap/sparc';
import { x86 } from '@vmemmap/x86';

/** Plugins that come with the command. */
const BUILT_IN: readonly ArchPlugin[] = [x86, arm64, powerpc, riscv, s390, sparc, loongarch].map(
  (plugin) => plugin as unknown as ArchPlugin,
);

/** Names of the plugins that come with the command. */
export const builtInNames: readonly string[] = BUILT_IN.map(({ arch }) => arch);

/**
 * A registry with the built-in plugins and those of some modules.
 * @param specifiers package names, paths or URLs of ES modules
 * @param cwd folder that names and relative paths are looked up from
 */
export async function loadRegistry(specifiers: readonly string[], cwd: string): Promise<ArchRegistry> {
  const registry = new ArchRegistry(BUILT_IN);
  for (const specifier of specifiers) {
    for (const plugin of await importPlugins(specifier, cwd)) {
      // The same object twice is no conflict: somebody named a built-in plugin.
      if (!registry.plugins.includes(plugin)) register(registry, plugin);
    }
  }
  return registry;
}

function register(registry: ArchRegistry, plugin: ArchPlugin): void {
  guarded(plugin, () => registry.register(plugin));
}

/**
 * Runs code of a plugin on which nothing has been tested yet.
 * @throws VmemmapError `BAD_PLUGIN` for whatever else it throws
 */
export function guarded<T>(plugin: ArchPlugin, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isVmemmapError(error)) throw error;
    // Whatever else is thrown there comes out of the plugin.
    const reason = error instanceof Error ? error.message : String(error);
    const message = `plugin ${plugin.arch} fails on a machine of one section: ${reason}`;
    throw new VmemmapError('BAD_PLUGIN', message, '@vmemmap/cli');
  }
}

/**
 * Imports a module and finds the plugins among its exports, the default export first.
 * @throws VmemmapError `BAD_PLUGIN`
 */
export async function importPlugins(specifier: string, cwd: string): Promise<ArchPlugin[]> {
  let module: Record<string, unknown>;
  try {
    module = (await import(locate(specifier, cwd))) as Record<string, unknown>;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.replace(/ imported from .*/, '');
    throw new VmemmapError('BAD_PLUGIN', `plugin ${specifier} cannot be loaded: ${reason}`, '@vmemmap/cli');
  }
  const { default: main, ...others } = module;
  const plugins = [...new Set([main, ...Object.values(others)])].filter(isPlugin);
  if (plugins.length === 0) {
    throw new VmemmapError('BAD_PLUGIN', `${specifier} exports no architecture plugin`, '@vmemmap/cli');
  }
  return plugins;
}

function locate(specifier: string, cwd: string): string {
  if (/^(file|data|node):/.test(specifier)) return specifier;
  const path = resolve(cwd, specifier);
  const isPath = /^\.{0,2}[/\\]/.test(specifier);
  if (isPath || statSync(path, { throwIfNoEntry: false })?.isFile() === true) return pathToFileURL(path).href;
  try {
    // As a module in the caller's folder would find it.
    return pathToFileURL(createRequire(join(cwd, 'vmemmap.js')).resolve(specifier)).href;
  } catch {
    return specifier;
  }
}
