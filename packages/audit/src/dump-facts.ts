import type { KernelFacts } from '@vmemmap/core';
import { type Btf, type Dump, type Kallsyms, openBtf, openKallsyms, type Vmcoreinfo } from '@vmemmap/vmcore';
import type { VirtualMemory } from './virtual-memory.ts';

/** Lines of VMCOREINFO by key, as `SYMBOL(init_task)`; undefined for what the kernel does not say anywhere. */
export type FactLines = ReadonlyMap<string, string | undefined>;

/**
 * What a kernel says of itself: VMCOREINFO first, then its own tables of symbols (kallsyms) and types (BTF), which are read
 * when something is asked for that VMCOREINFO does not have.
 */
export class DumpFacts implements KernelFacts {
  readonly machine: string;
  readonly #info: Vmcoreinfo;
  readonly #given: FactLines;
  /** What the kernel's own tables answered. */
  readonly learned: Map<string, string | undefined> = new Map();
  #memory: VirtualMemory | undefined;
  #kallsyms: Kallsyms | undefined;
  #btf: Btf | undefined;

  constructor(dump: Dump, info: Vmcoreinfo, given: FactLines = new Map()) {
    this.machine = dump.machine;
    this.#info = info;
    this.#given = given;
  }

  get osrelease(): string {
    return this.#info.osrelease;
  }

  get pageSize(): number | undefined {
    return this.#info.pageSize;
  }

  /** From now on the kernel's own tables are looked into, too. */
  readFrom(memory: VirtualMemory): void {
    this.#memory = memory;
  }

  symbol(name: string): bigint | undefined {
    return (
      this.#info.symbol(name) ??
      address(this.#known(`SYMBOL(${name})`, () => this.#symbols()?.symbol(name)?.toString(16)))
    );
  }

  number(name: string): bigint | undefined {
    return this.#info.number(name);
  }

  size(type: string): number | undefined {
    return this.#info.size(type) ?? number(this.#known(`SIZE(${type})`, () => this.#types()?.sizeOf(type)?.toString()));
  }

  offset(member: string): number | undefined {
    return (
      this.#info.offset(member) ??
      number(this.#known(`OFFSET(${member})`, () => this.#types()?.offsetOf(member)?.toString()))
    );
  }

  length(array: string): number | undefined {
    return (
      this.#info.length(array) ??
      number(this.#known(`LENGTH(${array})`, () => this.#types()?.lengthOf(array)?.toString()))
    );
  }

  /** Names and values of an enum; undefined where the kernel does not have it, or says nothing of its types. */
  values(name: string): ReadonlyMap<string, number> | undefined {
    const text = this.#known(`ENUM(${name})`, () => {
      const values = this.#types()?.enumValues(name);
      return values && [...values].map(([key, value]) => `${key}:${value}`).join(',');
    });
    if (text === undefined) return undefined;
    return new Map(text.split(',').map((pair) => [pair.split(':')[0]!, Number(pair.split(':')[1])]));
  }

  get(key: string): string | undefined {
    return this.#info.get(key);
  }

  #known(key: string, ask: () => string | undefined): string | undefined {
    if (this.#given.has(key)) return this.#given.get(key);
    if (!this.learned.has(key) && this.#memory !== undefined) this.learned.set(key, ask());
    return this.learned.get(key);
  }

  // A kernel without such tables, or with damaged ones, says less.
  #symbols(): Kallsyms | undefined {
    const memory = this.#memory;
    if (memory !== undefined && this.#kallsyms === undefined)
      this.#kallsyms = attempt(() => openKallsyms(memory, this.#info));
    return this.#kallsyms;
  }

  #types(): Btf | undefined {
    const symbols = this.#symbols();
    const memory = this.#memory;
    if (memory !== undefined && symbols !== undefined && this.#btf === undefined)
      this.#btf = attempt(() => openBtf(memory, symbols));
    return this.#btf;
  }
}

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function address(hex: string | undefined): bigint | undefined {
  return hex === undefined ? undefined : BigInt(`0x${hex}`);
}
