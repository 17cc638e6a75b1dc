import type { ArchPlugin } from '../contract/plugin.ts';
import { type Errno, OK } from '../errno.ts';
import { isVmemmapError, VmemmapError } from '../errors.ts';
import type { MemmapOnMemory } from '../hotplug/memmap-on-memory.ts';
import type { BootHugePage } from '../hugetlb/preinit.ts';
import { Machine } from '../machine/machine.ts';
import { vmemAltmap } from '../memory/altmap.ts';
import { defaultRelease, type KernelRelease } from '../release.ts';
import type { Trace } from '../trace.ts';
import { Accountant, type StepAccount } from './account.ts';
import { limitHugeBlocks, scenarioArch } from './arch.ts';
import type { Scenario, ScenarioAltmap, ScenarioStep } from './format.ts';

/** What became of a scenario. */
export interface ScenarioRun {
  /** The scenario that was run. */
  readonly scenario: Scenario;
  /** The machine after the last step. */
  readonly machine: Machine;
  /** What boot did. */
  readonly boot: StepAccount;
  /** What each step did. Shorter than the scenario's when the kernel stopped. */
  readonly steps: readonly StepAccount[];
}

/** How to run a scenario otherwise than it says. */
export interface RunOptions {
  /** Default: the scenario's, or else the default release. */
  readonly release?: KernelRelease | string | undefined;
  /** Configuration keys that replace the scenario's. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Watches every step of populate and free. */
  readonly trace?: Trace | undefined;
  /** Told when a step begins: its number, of how many. */
  readonly onStep?: ((step: number, of: number) => void) | undefined;
}

/**
 * Boots a scenario's machine and does its steps, one after the other. A step that the kernel refuses is an outcome, not an
 * error; so is a BUG or a panic, after which nothing runs.
 * @throws VmemmapError whatever is wrong with the scenario itself, with the step's number
 */
export function runScenario(scenario: Scenario, plugin: ArchPlugin, options: RunOptions = {}): ScenarioRun {
  const { steps } = scenario;
  const accountant = new Accountant();
  const machine = makeMachine(scenario, plugin, options, accountant);
  accountant.begin(machine);
  const stopped = stopOf(() => machine.boot());
  machine.failures.clear();
  const boot = accountant.end('boot', OK, stopped === undefined ? {} : { stopped });
  const accounts: StepAccount[] = [];
  if (stopped !== undefined) return { scenario, machine, boot, steps: accounts };
  for (const [index, step] of steps.entries()) {
    options.onStep?.(index, steps.length);
    const account = inStep(index, step, () => runStep(machine, scenario, step, accountant));
    accounts.push(account);
    if (account.stopped !== undefined) break;
  }
  return { scenario, machine, boot, steps: accounts };
}

function makeMachine(scenario: Scenario, plugin: ArchPlugin, options: RunOptions, accountant: Accountant): Machine {
  const { machine, steps } = scenario;
  const { trace } = options;
  const bootHugePages: BootHugePage[] = [];
  // Memory of huge pages is never the memory map's: it is kept out of the allocators' hands from the start.
  const reserved: (readonly [number, number])[] = [];
  for (const step of steps) {
    if (step.op !== 'hugetlb-optimize') continue;
    for (const { start, count } of step.pages) {
      reserved.push([start, start + count * step.size]);
      if (step.boot)
        for (let n = 0; n < count; n++) bootHugePages.push({ start: start + n * step.size, size: step.size });
    }
  }
  const built = new Machine({
    arch: scenarioArch(scenario, plugin, options.config),
    release: options.release ?? machine.release ?? defaultRelease,
    memory: { ranges: machine.memory, ...(machine.distances && { distances: machine.distances }) },
    memblock: { reserved },
    bootHugePages,
    trace:
      trace === undefined
        ? accountant.trace
        : (step) => {
            accountant.trace(step);
            trace(step);
          },
  });
  limitHugeBlocks(built, machine.config);
  return built;
}

// Runs one step with its failures, and accounts for it.
function runStep(machine: Machine, scenario: Scenario, step: ScenarioStep, accountant: Accountant): StepAccount {
  for (const rule of step.fail ?? []) machine.failures.add(rule);
  accountant.begin(machine);
  let outcome: { readonly errno: Errno } & Pick<StepAccount, 'hugetlb' | 'restored'> = { errno: OK };
  const stopped = stopOf(() => {
    outcome = operate(machine, scenario, step);
  });
  machine.failures.clear();
  const { errno, ...more } = outcome;
  return accountant.end(step.op, errno, { ...more, ...(stopped !== undefined && { stopped }) });
}

function operate(
  machine: Machine,
  scenario: Scenario,
  step: ScenarioStep,
): { readonly errno: Errno } & Pick<StepAccount, 'hugetlb' | 'restored'> {
  const { config } = scenario.machine;
  switch (step.op) {
    case 'hotplug-add':
    case 'kmem-online': {
      const { node, start, end, memmapOnMemory = false } = step;
      const blockSize = step.blockSize ?? blockSizeOf(config);
      const mode = modeOf(config);
      const added = { node, start, end, memmapOnMemory, mode, ...(blockSize && { blockSize }) };
      return { errno: step.op === 'kmem-online' ? machine.hotplug.onlineKmem(added) : machine.hotplug.add(added) };
    }
    case 'hotplug-remove':
      return { errno: machine.hotplug.remove(step.start, step.end, blockSizeOf(config)) };
    case 'memremap': {
      const { id, node, ranges, vmemmapShift, altmap } = step;
      return { errno: machine.devices.memremap({ id, node, ranges, vmemmapShift, altmap }) };
    }
    case 'memunmap':
      machine.devices.memunmap(step.id);
      return { errno: OK };
    case 'hugetlb-optimize':
      return { errno: OK, hugetlb: machine.hugetlb.optimize(step.size, step.pages) };
    case 'hugetlb-restore': {
      const { errno, restored } = machine.hugetlb.restore(step.size, step.pages);
      return { errno, restored };
    }
    case 'add-pages':
      return { errno: machine.addPages(step.node, { ...spanOf(machine, step), altmap: altmapOf(machine, step) }) };
    case 'remove-pages':
      machine.removePages(spanOf(machine, step));
      return { errno: OK };
    case 'process':
      // Elsewhere every address space has the kernel's own tables: there is nothing to copy, and nothing to miss.
      if (machine.ops.createAddressSpace !== undefined) machine.createAddressSpace(step.name);
      return { errno: OK };
  }
}

function spanOf(machine: Machine, { start, end }: { start: number; end: number }): { pfn: number; pages: number } {
  const page = 2 ** machine.model.pageShift;
  return { pfn: Math.floor(start / page), pages: Math.floor((end - start) / page) };
}

function altmapOf(machine: Machine, { altmap, end }: { altmap: ScenarioAltmap | undefined; end: number }) {
  if (altmap === undefined) return undefined;
  const last = Math.floor((end - 1) / 2 ** machine.model.pageShift);
  return vmemAltmap(altmap.basePfn, last, altmap.reserve, altmap.free);
}

// memory_hotplug.memmap_on_memory. Scenarios that say nothing have it on, since their steps ask for it.
function modeOf({ memmapOnMemory }: Scenario['machine']['config']): MemmapOnMemory {
  if (memmapOnMemory === undefined || memmapOnMemory === null) return 'on';
  if (memmapOnMemory === 'off' || memmapOnMemory === 'on' || memmapOnMemory === 'force') return memmapOnMemory;
  throw new VmemmapError(
    'BAD_CONFIG',
    `memmapOnMemory must be off, on or force, not ${JSON.stringify(memmapOnMemory)}`,
  );
}

function blockSizeOf({ memoryBlockSize }: Scenario['machine']['config']): number | undefined {
  if (memoryBlockSize === undefined || memoryBlockSize === null) return undefined;
  const size = Number(memoryBlockSize);
  if (Number.isSafeInteger(size) && size > 0) return size;
  throw new VmemmapError(
    'BAD_CONFIG',
    `memoryBlockSize must be a number of bytes, not ${JSON.stringify(memoryBlockSize)}`,
  );
}

// What the kernel said when it stopped, if it did.
function stopOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isVmemmapError(error) && (error.code === 'KERNEL_PANIC' || error.code === 'KERNEL_BUG')) return error.message;
    throw error;
  }
}

// Errors say which step they are about.
function inStep<T>(index: number, { op }: ScenarioStep, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isVmemmapError(error)) throw error;
    const [from, ...rest] = error.message.split(': ');
    throw new VmemmapError(error.code, `step ${index + 1} (${op}): ${rest.join(': ')}`, from);
  }
}
