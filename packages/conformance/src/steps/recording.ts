import { type FailureRule, isVmemmapError, type Machine, type MachineOptions, type VmemAltmap } from '@vmemmap/core';
import { argumentsText } from './literal.ts';

/** Something that was done to a machine. */
export interface Step {
  /** As a call, such as `machine.populateSection(0x58000, 0x8000, 0)`. */
  readonly call: string;
  /** What it was called on and by what name, such as `hotplug.add`. */
  readonly method: string;
  readonly args: readonly unknown[];
  /** Allocations that were to fail while it ran. */
  readonly fail: readonly FailureRule[];
  /** What came of it, where that is not success. */
  outcome: string;
}

/** What changes a machine, by the part of it that does. Reading is no step. */
const METHODS = {
  '': [
    'boot',
    'populateSection',
    'depopulateSection',
    'freeMapBootmem',
    'addPages',
    'removePages',
    'createAddressSpace',
    'entryLanes',
  ],
  hotplug: ['add', 'onlineKmem', 'remove'],
  devices: ['memremap', 'memunmap'],
  hugetlb: ['optimize', 'restore', 'dissolve'],
  failures: ['add', 'clear'],
} as const;

/** Calls of the architecture itself, past the machine. */
const OPS: readonly string[] = ['vmemmapPopulate', 'vmemmapFree', 'syncKernelMappings', 'vmemmapPopulateCompoundPages'];

const recordings = new WeakMap<Machine, Recording>();

/** What was done to a machine, in order. Nobody has to write it down: it is noted where it is done. */
export class Recording {
  readonly options: MachineOptions;
  /** How the machine was made, such as `subject.fresh({ memory: 'two-nodes' })`. */
  readonly origin: string;
  readonly steps: Step[] = [];
  readonly #touched: () => void;
  readonly #altmaps: VmemAltmap[] = [];
  readonly #fail: FailureRule[] = [];
  #inside = false;

  /** @param touched called whenever something is done to the machine */
  constructor(machine: Machine, options: MachineOptions, origin: string, touched: () => void) {
    this.options = options;
    this.origin = origin;
    this.#touched = touched;
    recordings.set(machine, this);
    for (const [part, names] of Object.entries(METHODS)) {
      const target: object = part === '' ? machine : Reflect.get(machine, part);
      for (const name of names) this.#watch(target, part === '' ? name : `${part}.${name}`, name);
    }
    this.#watchOps(machine);
  }

  /** The recording of a machine, where there is one. */
  static of(machine: Machine): Recording | undefined {
    return recordings.get(machine);
  }

  #watch(target: object, method: string, name: string): void {
    const original: (...args: unknown[]) => unknown = Reflect.get(target, name);
    const value = (...args: unknown[]): unknown => this.#do(method, args, () => original.apply(target, args));
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }

  // The machine itself goes on with what the architecture gave it; only who asks for machine.ops is heard.
  #watchOps(machine: Machine): void {
    const { ops } = machine;
    const value = new Proxy(ops, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (!OPS.includes(String(name))) return member.bind(target);
        return (...args: unknown[]) => this.#do(`ops.${String(name)}`, args, () => member.apply(target, args));
      },
    });
    Object.defineProperty(machine, 'ops', { value, configurable: true, enumerable: true });
  }

  // What a step does inside itself is not a step.
  #do(method: string, args: readonly unknown[], work: () => unknown): unknown {
    this.#touched();
    if (this.#inside) return work();
    this.#inside = true;
    const step: Step = {
      call: `machine.${method}(${argumentsText(args, (value) => this.#named(value))})`,
      method,
      args,
      fail: [...this.#fail],
      outcome: '',
    };
    this.steps.push(step);
    if (method === 'failures.add') this.#fail.push(args[0] as FailureRule);
    if (method === 'failures.clear') this.#fail.length = 0;
    try {
      const result = work();
      if (result === false || (typeof result === 'number' && result < 0)) step.outcome = `returned ${result}`;
      return result;
    } catch (error) {
      step.outcome = isVmemmapError(error) ? `threw ${error.code}` : 'threw';
      throw error;
    } finally {
      this.#inside = false;
    }
  }

  // An altmap has a state, so which one it is matters: it has a name from its first use on.
  #named(value: object): string | undefined {
    if (!isAltmap(value)) return undefined;
    const known = this.#altmaps.indexOf(value);
    const name = `altmap${(known < 0 ? this.#altmaps.length : known) || ''}`;
    if (known >= 0) return name;
    this.#altmaps.push(value);
    const { basePfn, endPfn, reserve, free } = value;
    return `${name} = vmemAltmap(${argumentsText([basePfn, endPfn, reserve, free])})`;
  }
}

function isAltmap(value: object): value is VmemAltmap {
  return 'basePfn' in value && 'alloc' in value;
}
