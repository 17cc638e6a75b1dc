import { checkArch } from '../contract/check-arch.ts';
import { type ArchPlugin, checkPlugin } from '../contract/plugin.ts';
import { VmemmapError } from '../errors.ts';
import { Machine } from './machine.ts';

/** Plugins by name. It knows what it was given and looks for nothing by itself. */
export class ArchRegistry {
  readonly #plugins = new Map<string, ArchPlugin>();

  /** @throws VmemmapError as {@link register} does */
  constructor(plugins: Iterable<unknown> = []) {
    for (const plugin of plugins) this.register(plugin);
  }

  /**
   * Adds a plugin after checking that its default configuration holds what it declares, on a machine of one section.
   * @throws VmemmapError `BAD_PLUGIN`, `CONTRACT_VERSION`, `DUPLICATE_ARCH`
   */
  register(value: unknown): ArchPlugin {
    const plugin = checkPlugin(value);
    if (this.#plugins.has(plugin.arch)) {
      throw new VmemmapError('DUPLICATE_ARCH', `two plugins are called ${plugin.arch}; register one of them only`);
    }
    const arch = plugin();
    checkArch(plugin, arch);
    new Machine({ arch, memory: { ranges: [{ node: 0, start: 0, end: 2 ** arch.model.sectionSizeBits }] } });
    this.#plugins.set(plugin.arch, plugin);
    return plugin;
  }

  /** Names, in the order of registration. */
  get names(): readonly string[] {
    return [...this.#plugins.keys()];
  }

  /** All plugins, in the order they were added. */
  get plugins(): readonly ArchPlugin[] {
    return [...this.#plugins.values()];
  }

  /** @throws VmemmapError `UNKNOWN_ARCH` */
  find(name: string): ArchPlugin {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined) {
      const known = this.names.length === 0 ? 'none is registered' : `registered are ${this.names.join(', ')}`;
      throw new VmemmapError('UNKNOWN_ARCH', `no architecture ${JSON.stringify(name)}; ${known}`);
    }
    return plugin;
  }
}
