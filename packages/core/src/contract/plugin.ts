import { VmemmapError } from '../errors.ts';
import type { Capability, VmemmapArch } from './arch.ts';
import { type ConfigFields, type ConfigValues, parseConfig } from './config.ts';

const BRAND = Symbol.for('@vmemmap/plugin');

/**
 * The version of the contract between core and plugins. A plugin carries the one it was made for;
 * it changes only when an existing plugin would no longer work.
 */
export const CONTRACT_VERSION = 1;

/** A configuration worth knowing: one that real machines have, with a geometry or entries of its own. */
export interface ArchVariant<C extends object = Record<string, unknown>> {
  /** In a few words: `4 levels`, `64K pages`. */
  readonly about: string;
  /** Keys that differ from the default. */
  readonly config: Readonly<Partial<C>>;
}

/** What a plugin is made from. */
export interface PluginDefinition<C extends object> {
  /** Short lower-case name, as in `arch/` of the kernel where there is one. */
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  /** The keys of its configuration. */
  readonly config: ConfigFields;
  /** Everything it can do in any configuration. */
  readonly capabilities: readonly Capability[];
  /** Configurations worth knowing, the default first. Default: that one alone. */
  readonly variants?: readonly ArchVariant<C>[];
  /** Makes the architecture from a checked, complete configuration. Conflicts between keys are its own to report. */
  create(config: C): VmemmapArch;
}

/**
 * An architecture plugin: call it with a configuration and get the architecture.
 * Known by a brand and the contract version, never by `instanceof`, so that two copies of a package do no harm.
 */
export interface ArchPlugin<C extends object = Record<string, unknown>> {
  /** @throws VmemmapError `BAD_CONFIG` */
  (config?: Partial<C>): VmemmapArch;
  /** The plugin's name; `name` itself is a function's own. */
  readonly arch: string;
  /** One line for people. */
  readonly about: string;
  /** The keys of its configuration, for tools. */
  readonly config: ConfigFields;
  /** Everything it can do in any configuration. */
  readonly capabilities: readonly Capability[];
  /** Configurations worth knowing, the default first. */
  readonly variants: readonly ArchVariant<C>[];
  /** {@link CONTRACT_VERSION} it was made for. */
  readonly contract: number;
}

/** Makes a plugin. A package exports the result as its one lower-case factory. */
export function definePlugin<C extends object>(definition: PluginDefinition<C>): ArchPlugin<C> {
  const { name, about, config, capabilities } = definition;
  const { variants = [{ about: 'default', config: {} as Partial<C> }] } = definition;
  const from = `@vmemmap/${name}`;
  const plugin = (input: unknown = {}): VmemmapArch => {
    const values: ConfigValues = parseConfig(from, config, input);
    return definition.create(values as C);
  };
  Object.defineProperty(plugin, BRAND, { value: true });
  return Object.assign(plugin, {
    arch: name,
    about,
    config,
    capabilities,
    variants,
    contract: CONTRACT_VERSION,
  });
}

/** Tells a plugin from anything else, of whatever contract version. */
export function isPlugin(value: unknown): value is ArchPlugin {
  return typeof value === 'function' && BRAND in value;
}

/**
 * Checks that a value is a plugin this core can work with.
 * @throws VmemmapError `BAD_PLUGIN`, `CONTRACT_VERSION`
 */
export function checkPlugin(value: unknown): ArchPlugin {
  if (!isPlugin(value)) {
    throw new VmemmapError(
      'BAD_PLUGIN',
      'this is no architecture plugin; make one with definePlugin() and pass the factory it returns',
    );
  }
  if (value.contract !== CONTRACT_VERSION) {
    const side = value.contract > CONTRACT_VERSION ? '@vmemmap/core' : `the plugin`;
    throw new VmemmapError(
      'CONTRACT_VERSION',
      `plugin ${value.arch} was made for contract ${value.contract}, this core has contract ${CONTRACT_VERSION}; update ${side}`,
    );
  }
  return value;
}
