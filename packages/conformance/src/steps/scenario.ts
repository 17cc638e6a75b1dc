import { type FailureRule, type Machine, pageSize, runScenario, type ScenarioStep } from '@vmemmap/core';
import type { Subject } from '../subject.ts';
import { operationOf } from './operation.ts';
import type { Recording } from './recording.ts';

/** A scenario as its file has it: JSON, format `vmemmap-scenario/1`. */
export interface ScenarioDocument {
  /** Names the format and its version. */
  readonly format: 'vmemmap-scenario/1';
  /** Names the clause that failed. */
  readonly name: string;
  /**
   * What boots: plugin (`arch`), `release`, its `config`, and `memory`, ranges from `start` to before `end` in bytes,
   * each on a `node`.
   */
  readonly machine: {
    readonly arch: string;
    readonly release: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly memory: readonly { readonly node: number; readonly start: number; readonly end: number }[];
  };
  /** What is done to it, in this order. */
  readonly steps: readonly ScenarioStep[];
}

/**
 * The scenario that makes the same of a machine as its recording. It is run, and what comes out compared: undefined where
 * the format has no words for a step, or another machine comes out.
 */
export function scenarioOf(machine: Machine, recording: Recording, subject: Subject): ScenarioDocument | undefined {
  const document = documentOf(machine, recording, subject);
  if (document === undefined) return undefined;
  try {
    const same = runScenario(document, subject.plugin).machine;
    return stateOf(same) === stateOf(machine) ? document : undefined;
  } catch {
    // What a scenario may not ask for, or what a broken architecture does with it: either way it does not do the same.
    return undefined;
  }
}

function documentOf(machine: Machine, { options, steps }: Recording, subject: Subject): ScenarioDocument | undefined {
  const { arch } = subject.plugin;
  const { config } = subject;
  // Without tables to list, the whole window cannot be compared in time.
  if (!subject.has('page-tables')) return undefined;
  if (options.failures !== undefined || Object.values(config).some((value) => typeof value === 'bigint'))
    return undefined;
  const operations = steps.filter(({ method }) => method !== 'boot' && !method.startsWith('failures.'));
  const page = pageSize(machine.model);
  const translated: ScenarioStep[] = [];
  for (const step of operations) {
    const operation = operationOf(step, page);
    if (operation === undefined) return undefined;
    const fail = step.fail.map(finite);
    translated.push({ ...operation, ...(fail.length > 0 && { fail }) });
  }
  return {
    format: 'vmemmap-scenario/1',
    name: `${subject.label}, reduced`,
    machine: {
      arch,
      release: machine.release.name,
      config,
      memory: machine.memory.ranges.map((range) => ({ ...range })),
    },
    steps: translated,
  };
}

// JSON has no Infinity.
function finite({ nth, times, ...rule }: FailureRule): FailureRule {
  return {
    ...rule,
    ...(nth !== undefined && { nth: Math.min(nth, Number.MAX_SAFE_INTEGER) }),
    ...(times !== undefined && { times: Math.min(times, Number.MAX_SAFE_INTEGER) }),
  };
}

// What a clause can see of a machine: every mapping of every address space, free memory, events.
function stateOf(machine: Machine): string {
  const seen = machine.addressSpaces.map(({ root }) => [...machine.leaves(root)]);
  return JSON.stringify([seen, machine.ram.freeBytes(), machine.events.map(({ id }) => id)]);
}
