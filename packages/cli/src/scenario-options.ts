import type { ArchPlugin, Scenario } from '@vmemmap/core';
import { readScenario } from '@vmemmap/core/capture';
import { readText } from './read-text.ts';
import type { Session } from './session.ts';

/** A scenario of a file, and the plugin it names. */
export interface ScenarioFile {
  readonly file: string;
  readonly scenario: Scenario;
}

/** Reads scenarios and captures. */
export function readScenarioFile(file: string): ScenarioFile {
  return { file, scenario: readScenario(readText(file), file) };
}

/** The same scenario on another architecture: of the configuration only what is the kernel's goes along. */
export function onArch(scenario: Scenario, plugin: ArchPlugin): Scenario {
  if (scenario.machine.arch === plugin.arch) return scenario;
  const { memoryBlockSize: _, memmapOnMemory } = scenario.machine.config;
  const { memory, release, distances } = scenario.machine;
  const config = memmapOnMemory === undefined ? {} : { memmapOnMemory };
  return { ...scenario, machine: { arch: plugin.arch, release, config, memory, distances } };
}

/** The plugin that a scenario is for, unless an option names another. */
export function scenarioPlugin(scenario: Scenario, arch: string | undefined, session: Session): ArchPlugin {
  return session.registry.find(arch ?? scenario.machine.arch);
}
