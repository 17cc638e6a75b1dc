import type { VmemmapArch } from '../contract/arch.ts';
import type { ArchPlugin } from '../contract/plugin.ts';
import { VmemmapError } from '../errors.ts';
import type { Machine } from '../machine/machine.ts';
import type { Scenario, ScenarioMachine } from './format.ts';

/** Keys of a machine's `config` that are the kernel's or the machine's rather than one architecture's. */
const GENERIC_CONFIG: ReadonlySet<string> = new Set([
  'hvo',
  'hugetlbFreeVmemmap',
  'memoryBlockSize',
  'memmapOnMemory',
  'bootHugeBlocks',
]);

/** The configuration of the plugin that a scenario's machine has. */
export function scenarioConfig(machine: ScenarioMachine, plugin: ArchPlugin): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(machine.config)) if (!GENERIC_CONFIG.has(key)) config[key] = value;
  for (const key of ['pageSize', 'structPageSize'] as const)
    if (Object.hasOwn(plugin.config, key) && machine[key] !== undefined) config[key] = machine[key];
  return config;
}

/**
 * The architecture of a scenario's machine.
 * @param config keys that replace the scenario's
 * @throws VmemmapError `BAD_CONFIG`
 */
export function scenarioArch(
  { name, machine }: Scenario,
  plugin: ArchPlugin,
  config: Readonly<Record<string, unknown>> = {},
): VmemmapArch {
  const arch = plugin({ ...scenarioConfig(machine, plugin), ...config });
  for (const [key, value] of [
    ['pageSize', 2 ** arch.model.pageShift],
    ['structPageSize', arch.model.structPageSize],
  ] as const) {
    if (machine[key] !== undefined && value !== machine[key] && config[key] === undefined) {
      throw new VmemmapError(
        'BAD_CONFIG',
        `${name}: ${key} ${machine[key]} is not to be had of plugin ${plugin.arch}, which has ${value}`,
      );
    }
  }
  return arch;
}

/** How many blocks of a PMD the boot allocator could supply is up to what else the kernel had allocated: an input. */
export function limitHugeBlocks(machine: Machine, { bootHugeBlocks }: ScenarioMachine['config']): void {
  const table = machine.ops.pageTable;
  if (bootHugeBlocks === undefined || bootHugeBlocks === null || table === undefined) return;
  if (typeof bootHugeBlocks !== 'number' || !Number.isSafeInteger(bootHugeBlocks) || bootHugeBlocks < 0) {
    throw new VmemmapError(
      'BAD_CONFIG',
      `bootHugeBlocks must be a whole number of blocks, not ${JSON.stringify(bootHugeBlocks)}`,
    );
  }
  const order = Math.log2(table.entrySpan(table.format.pmdLevel)) - machine.model.pageShift;
  machine.failures.add({ source: 'memblock', order, nth: bootHugeBlocks + 1, times: Number.POSITIVE_INFINITY });
}
