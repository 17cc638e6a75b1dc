import { arm64 } from '@vmemmap/arm64';
import { guarded as guardedBy, importPlugin as importPluginBy, importPlugins } from '@vmemmap/conformance/command';
import { type ArchPlugin, ArchRegistry } from '@vmemmap/core';
import { loongarch } from '@vmemmap/loongarch';
import { powerpc } from '@vmemmap/powerpc';
import { riscv } from '@vmemmap/riscv';
import { s390 } from '@vmemmap/s390';
import { sparc } from '@vmemmap/sparc';
import { x86 } from '@vmemmap/x86';

/** The package, for errors. */
const FROM = '@vmemmap/cli';

/** Plugins that come with the command. */
const BUILT_IN: readonly ArchPlugin[] = [x86, arm64, powerpc, riscv, s390, sparc, loongarch].map(
  (plugin) => plugin as unknown as ArchPlugin,
);

/** Names of the plugins that come with the command. */
export const builtInNames: readonly string[] = BUILT_IN.map(({ arch }) => arch);

/**
 * A registry with the built-in plugins and those of some modules.
 * @param specifiers package names, paths or URLs of ES modules or of packages' folders
 * @param cwd folder that names and relative paths are looked up from
 */
export async function loadRegistry(specifiers: readonly string[], cwd: string): Promise<ArchRegistry> {
  const registry = new ArchRegistry(BUILT_IN);
  for (const specifier of specifiers) {
    for (const plugin of await importPlugins(specifier, cwd, FROM)) {
      // The same object twice is no conflict: somebody named a built-in plugin.
      if (!registry.plugins.includes(plugin)) register(registry, plugin);
    }
  }
  return registry;
}

function register(registry: ArchRegistry, plugin: ArchPlugin): void {
  guarded(plugin, () => registry.register(plugin));
}

/** Runs code of a plugin on which nothing has been tested yet; see the kit's. */
export function guarded<T>(plugin: ArchPlugin, work: () => T): T {
  return guardedBy(plugin, FROM, work);
}

/** Imports a module that is to have one plugin; see the kit's. */
export function importPlugin(specifier: string, cwd: string): Promise<ArchPlugin> {
  return importPluginBy(specifier, cwd, FROM);
}
