import type { ArchPlugin } from '../contract/plugin.ts';
import { VmemmapError } from '../errors.ts';
import { Machine } from '../machine/machine.ts';
import type { Capture } from './format.ts';

/** Keys of a capture's `config` that are the kernel's or the machine's rather than one architecture's. */
const GENERIC_CONFIG: ReadonlySet<string> = new Set([
  'hvo',
  'hugetlbFreeVmemmap',
  'memoryBlockSize',
  'memmapOnMemory',
  'bootHugeBlocks',
]);

/** The configuration of the plugin that a capture's machine had. */
export function captureConfig(capture: Capture, plugin: ArchPlugin): Record<string, unknown> {
  const { machine } = capture;
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(machine.config)) if (!GENERIC_CONFIG.has(key)) config[key] = value;
  for (const key of ['pageSize', 'structPageSize'] as const)
    if (Object.hasOwn(plugin.config, key)) config[key] = machine[key];
  return config;
}

/**
 * Builds what a capture's kernel was given, from its `machine` and `steps` alone.
 * @throws VmemmapError `NOT_MODELLED` for a step the model does not know yet, and whatever making the machine throws
 */
export function replayCapture(capture: Capture, plugin: ArchPlugin): Machine {
  const { machine, steps } = capture;
  const step = steps[0];
  if (step !== undefined) {
    throw new VmemmapError('NOT_MODELLED', `${capture.name}: the step ${JSON.stringify(step.op)} is not modelled yet`);
  }
  const arch = plugin(captureConfig(capture, plugin));
  for (const [key, value] of [
    ['pageSize', 2 ** arch.model.pageShift],
    ['structPageSize', arch.model.structPageSize],
  ] as const) {
    if (value !== machine[key]) {
      throw new VmemmapError(
        'BAD_CONFIG',
        `${capture.name}: ${key} ${machine[key]} is not to be had of plugin ${plugin.arch}, which has ${value}`,
      );
    }
  }
  const built = new Machine({ arch, release: machine.release, memory: { ranges: machine.memory } });
  limitHugeBlocks(built, machine.config);
  built.boot();
  built.failures.clear();
  return built;
}

// How many blocks of a PMD the boot allocator could supply is up to what else the kernel had allocated: an input.
function limitHugeBlocks(machine: Machine, config: Capture['machine']['config']): void {
  const { bootHugeBlocks } = config;
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
