import { pathToFileURL } from 'node:url';
import { path } from './invoke.ts';

// As built, for node itself to load. To the command, where it is tested from source, it is another copy.
const core = pathToFileURL(path('../core/dist/index.js')).href;
const x86 = pathToFileURL(path('../x86/dist/index.js')).href;

/** What of x86 a plugin of a test changes: statements that run with its `ops`. */
export interface PluginText {
  readonly declare?: string;
  readonly change?: string;
}

/**
 * Text of a module with a plugin that does as x86 does, by another name.
 * @param declare how it is exported; default: under its name
 */
export function pluginText(name: string, { declare = `export const ${name} =`, change = '' }: PluginText = {}): string {
  return `
    import { definePlugin } from ${JSON.stringify(core)};
    import { x86 as original } from ${JSON.stringify(x86)};
    ${declare} definePlugin({
      name: '${name}', about: 'x86 by another name', config: original.config, capabilities: original.capabilities,
      create: (config) => {
        const arch = original(config);
        const { model, capabilities, entryLayouts } = arch;
        return {
          name: '${name}', config: arch.config, model, capabilities, entryLayouts,
          window: (memory, release) => arch.window(memory, release),
          attach: (m, init) => {
            const ops = arch.attach(m, init);
            ${change}
            return ops;
          },
        };
      },
    });`;
}
