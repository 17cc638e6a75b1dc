import type { Machine } from '@vmemmap/core';
import type { Facts } from '../clause-failure.ts';
import { machineText } from '../machine-text.ts';
import type { Subject } from '../subject.ts';
import { Recording, type Step } from './recording.ts';
import { scenarioOf } from './scenario.ts';

/** What a machine is made of, what was done to it, and a scenario that does the same. */
export function factsOf(machine: Machine, subject: Subject): Pick<Facts, 'machine' | 'steps' | 'scenario'> {
  const text = { machine: machineText(machine) };
  const recording = Recording.of(machine);
  if (recording === undefined) return text;
  const { origin, steps } = recording;
  const scenario = scenarioOf(machine, recording, subject);
  // Booting is a part of subject.fresh(), unless it was asked not to.
  const after = steps[0]?.method === 'boot' && !origin.includes('booted: false') ? steps.slice(1) : steps;
  const calls = [`machine = ${origin}`, ...after.map(stepText)];
  return { ...text, steps: calls, ...(scenario !== undefined && { scenario }) };
}

function stepText({ call, outcome }: Step): string {
  return outcome === '' ? call : `${call} // ${outcome}`;
}
