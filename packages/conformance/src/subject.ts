import {
  type ArchPlugin,
  type Capability,
  defaultRelease,
  findRelease,
  type KernelRelease,
  Machine,
  type MachineOptions,
  type MemoryMapInput,
  type VmemmapArch,
} from '@vmemmap/core';
import { type Geometry, geometryOf, type MapName } from './geometry.ts';
import { literal } from './steps/literal.ts';
import { Recording } from './steps/recording.ts';

/** What kind of machine a clause wants. */
export interface FreshOptions extends Omit<MachineOptions, 'arch' | 'memory'> {
  /** A memory map that fits the architecture, by name, or one of your own. Default `one-node`. */
  readonly memory?: MapName | MemoryMapInput;
  /** False for a machine that has not booted yet. Default true. */
  readonly booted?: boolean;
}

/** What clauses test: a plugin in one configuration, and machines with it. */
export interface Subject {
  /** The plugin that is tested. */
  readonly plugin: ArchPlugin;
  /** The configuration as it was given. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What machines run, unless a clause asks for another. */
  readonly release: KernelRelease;
  /** Plugin and configuration for test names, as `x86 la57=false`; with the release where that is not the default one. */
  readonly label: string;
  /** What the plugin made of the configuration. */
  readonly arch: VmemmapArch;
  /** Sizes of the architecture, and memory maps that fit it. */
  readonly geometry: Geometry;
  /** Whether the architecture declares a capability. */
  has(capability: Capability): boolean;
  /** A machine of its own, booted unless told otherwise. What is done to it is noted, for a failure to tell. */
  fresh(options?: FreshOptions): Machine;
  /** The machine that something was done to last. */
  readonly latest: Machine | undefined;
}

/**
 * Makes the subject of one configuration: a fresh architecture, and machines with it.
 * @throws VmemmapError whatever the plugin throws, such as `BAD_CONFIG`
 */
export function subjectOf<C extends object>(
  plugin: ArchPlugin<C>,
  config?: Readonly<Partial<C>>,
  release: KernelRelease = findRelease(defaultRelease),
): Subject {
  return subjectWith(plugin as unknown as ArchPlugin, (config ?? {}) as Readonly<Record<string, unknown>>, release);
}

/**
 * The same with an architecture of its own: nothing that was done to the other one can be seen.
 * @param instead memory maps that stand in for others
 */
export function again(subject: Subject, instead: Partial<Record<MapName, MapName>> = {}): Subject {
  return subjectWith(subject.plugin, subject.config, subject.release, () => subject.geometry, instead);
}

function subjectWith(
  plugin: ArchPlugin,
  config: Readonly<Record<string, unknown>>,
  release: KernelRelease,
  measured?: () => Geometry,
  instead: Partial<Record<MapName, MapName>> = {},
): Subject {
  const arch = plugin(config);
  let geometry: Geometry | undefined;
  const sizes = (): Geometry => {
    geometry ??= measured?.() ?? geometryOf(arch, release);
    return geometry;
  };
  let latest: Machine | undefined;
  const made = (options: MachineOptions, origin: string): Machine => {
    const machine = new Machine(options);
    const touched = (): void => {
      latest = machine;
    };
    new Recording(machine, options, origin, touched);
    touched();
    return machine;
  };
  return {
    plugin,
    config,
    release,
    label: labelOf(plugin, config, release),
    arch,
    get geometry() {
      return sizes();
    },
    get latest() {
      return latest;
    },
    has: (capability) => arch.capabilities.includes(capability),
    fresh: (asked = {}) => {
      const wanted =
        typeof asked.memory === 'string' && asked.memory in instead
          ? { ...asked, memory: instead[asked.memory]! }
          : asked;
      const { memory = 'one-node', booted = true, ...options } = wanted;
      const map = typeof memory === 'string' ? sizes().memory(memory) : memory;
      const machine = made({ release, ...options, arch, memory: map }, `subject.fresh(${freshText(wanted)})`);
      return booted ? machine.boot() : machine;
    },
  };
}

function freshText(wanted: FreshOptions): string {
  const { release } = wanted;
  const text = literal({ ...wanted, release: typeof release === 'object' ? release.name : release });
  return text === '{}' ? '' : text;
}

// `x86 la57=false pti=true`; the bare name for the default configuration on the default release.
function labelOf(plugin: ArchPlugin, config: Readonly<Record<string, unknown>>, { name }: KernelRelease): string {
  const values = Object.entries(config).map(([key, value]) => `${key}=${valueText(value)}`);
  return [plugin.arch, ...values, ...(name === defaultRelease ? [] : [`on ${name}`])].join(' ');
}

function valueText(value: unknown): string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
}
