import { type ArchPlugin, boot, type Capability, Machine, type MachineOptions, type VmemmapArch } from '@vmemmap/core';
import { type Geometry, geometryOf, type MapName } from './geometry.ts';

/** What kind of machine a clause wants. */
export interface FreshOptions extends Omit<MachineOptions, 'arch' | 'memory'> {
  /** Default `one-node`. */
  readonly memory?: MapName;
  /** False for a machine that has not booted yet. Default true. */
  readonly booted?: boolean;
}

/** What clauses test: a plugin in one configuration, and machines with it. */
export interface Subject {
  readonly plugin: ArchPlugin;
  /** The configuration as it was given. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Plugin and configuration for test names, as `x86 la57=false`. */
  readonly label: string;
  readonly arch: VmemmapArch;
  readonly geometry: Geometry;
  has(capability: Capability): boolean;
  /** A machine of its own, booted unless told otherwise. */
  fresh(options?: FreshOptions): Machine;
}

/** Makes the subject of one configuration. */
export function subjectOf(plugin: ArchPlugin, config: Readonly<Record<string, unknown>> = {}): Subject {
  const arch = plugin(config);
  let geometry: Geometry | undefined;
  const sizes = (): Geometry => {
    geometry ??= geometryOf(arch);
    return geometry;
  };
  return {
    plugin,
    config,
    label: labelOf(plugin, config),
    arch,
    get geometry() {
      return sizes();
    },
    has: (capability) => arch.capabilities.includes(capability),
    fresh: ({ memory = 'one-node', booted = true, ...options } = {}) => {
      const all = { ...options, arch, memory: sizes().memory(memory) };
      return booted ? boot(all) : new Machine(all);
    },
  };
}

// `x86 la57=false pti=true`; the bare name for the default configuration.
function labelOf(plugin: ArchPlugin, config: Readonly<Record<string, unknown>>): string {
  return [plugin.arch, ...Object.entries(config).map(([key, value]) => `${key}=${valueText(value)}`)].join(' ');
}

function valueText(value: unknown): string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
}
