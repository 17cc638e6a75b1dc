import { type ArchPlugin, checkPlugin, isPlugin, VmemmapError } from '@vmemmap/core';
import { locateModule } from './locate-module.ts';

/**
 * Imports a module and finds the plugins among its exports, the default export first.
 * @param specifier package name, or path or URL of an ES module or of a package's folder; `#name` after it takes only the
 * plugin of this name
 * @param cwd folder that names and relative paths are looked up from
 * @param from the package whose command asks
 * @throws VmemmapError `BAD_PLUGIN`, `CONTRACT_VERSION`
 */
export async function importPlugins(specifier: string, cwd: string, from: string): Promise<ArchPlugin[]> {
  const refuse = (why: string): never => {
    throw new VmemmapError('BAD_PLUGIN', why, from);
  };
  const { module: word, name } = parts(specifier);
  const located = locateModule(word, cwd);
  if ('wrong' in located) return refuse(`plugin ${word} cannot be loaded: ${located.wrong}`);
  let module: Record<string, unknown>;
  try {
    module = (await import(located.url)) as Record<string, unknown>;
  } catch (error) {
    return refuse(`plugin ${word} cannot be loaded: ${whyNotImported(error)}`);
  }
  const { default: main, ...others } = module;
  const plugins = [...new Set([main, ...Object.values(others)])].filter(isPlugin);
  if (plugins.length === 0)
    return refuse(`${word} exports no architecture plugin; export what definePlugin() returns, not what that makes`);
  const chosen = name === undefined ? plugins : plugins.filter(({ arch }) => arch === name);
  if (chosen.length === 0) return refuse(`${word} exports no plugin ${name}; ${choice(word, plugins)}`);
  return chosen.map(checkPlugin);
}

/**
 * Imports a module that is to have one plugin.
 * @throws VmemmapError as {@link importPlugins}, and `BAD_PLUGIN` when it has several
 */
export async function importPlugin(specifier: string, cwd: string, from: string): Promise<ArchPlugin> {
  const plugins = await importPlugins(specifier, cwd, from);
  const [plugin, ...rest] = plugins;
  if (plugin !== undefined && rest.length === 0) return plugin;
  const message = `${specifier} exports ${plugins.length} plugins; ${choice(parts(specifier).module, plugins)}`;
  throw new VmemmapError('BAD_PLUGIN', message, from);
}

// Data has a # of its own.
function parts(specifier: string): { readonly module: string; readonly name: string | undefined } {
  const [, module = specifier, name] = /^(?!data:)(.+)#([^#/\\]+)$/.exec(specifier) ?? [];
  return { module, name };
}

function choice(module: string, plugins: readonly ArchPlugin[]): string {
  const names = plugins.map(({ arch }) => `${module}#${arch}`);
  return names.length === 1 ? `it has ${names[0]}` : `choose one of ${names.join(', ')}`;
}

function whyNotImported(error: unknown): string {
  const whole = error instanceof Error ? error.message : String(error);
  const message = whole.replace(/ imported from .*/, '').replaceAll(/\s+/g, ' ');
  switch (codeOf(error)) {
    case 'ERR_MODULE_NOT_FOUND':
      return `${message}; run npm install where the plugin is`;
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `${message}; build it, and give the JavaScript that comes of it`;
    default:
      return `importing it throws ${error instanceof Error ? `${error.name}: ` : ''}${message}`;
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
