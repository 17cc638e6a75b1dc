import { VmemmapError } from '../errors.ts';
import type { Capability, VmemmapArch } from './arch.ts';
import { type ConfigFields, type ConfigValues, parseConfig } from './config.ts';
import { CONTRACT_VERSION, checkContract, markContract } from './contract-version.ts';
import type { KernelFacts, Recognition } from './recognise.ts';

const BRAND = Symbol.for('@vmemmap/plugin');

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
  /**
   * {@link CONTRACT_VERSION} it is written for, as a number: a core of another contract then refuses the plugin instead of
   * failing somewhere in it. Default: that of the core it runs with.
   */
  readonly contract?: number;
  /** See {@link ArchPlugin.recognise}. */
  recognise?(kernel: KernelFacts): Recognition | undefined;
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
  /**
   * What of the configuration follows from what a kernel says of itself, for readers of dumps. Undefined for a kernel of
   * another architecture. Optional: without it a dump's configuration has to be told.
   */
  recognise?(kernel: KernelFacts): Recognition | undefined;
}

/** Makes a plugin. A package exports the result as its one lower-case factory. */
export function definePlugin<C extends object>(definition: PluginDefinition<C>): ArchPlugin<C> {
  const { name, about, config, capabilities, contract = CONTRACT_VERSION } = definition;
  const { variants = [{ about: 'default', config: {} as Partial<C> }] } = definition;
  const from = `@vmemmap/${name}`;
  const plugin = (input: unknown = {}): VmemmapArch => {
    const values: ConfigValues = parseConfig(from, config, input);
    return markContract(definition.create(values as C), contract);
  };
  Object.defineProperty(plugin, BRAND, { value: true });
  return Object.assign(plugin, {
    arch: name,
    about,
    config,
    capabilities,
    variants,
    contract,
    ...(definition.recognise === undefined ? {} : { recognise: definition.recognise }),
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
  checkContract(value.arch, value.contract);
  return value;
}
