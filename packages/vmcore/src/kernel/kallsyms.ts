import { refusal } from '../refusal.ts';
import type { Vmcoreinfo } from '../vmcoreinfo/vmcoreinfo.ts';
import { type KallsymsTables, kallsymsTables } from './kallsyms-tables.ts';
import type { KernelMemory } from './kernel-memory.ts';
import { KernelReader } from './kernel-reader.ts';
import { SymbolAddresses } from './symbol-addresses.ts';
import { SymbolNames } from './symbol-names.ts';

/** The most symbols: ten times what a large kernel has. */
const MOST_SYMBOLS = 2 ** 21;

/** A symbol of the kernel. */
export interface KernelSymbol {
  /** As in /proc/kallsyms. */
  readonly name: string;
  /** One letter, as `nm` has it: `T` for code that other files see, `d` for data that only its own file does, … */
  readonly type: string;
  /** Where it is. For per-CPU variables of x86 before 6.15 that is a place in the area of a CPU. */
  readonly address: bigint;
}

/** The symbol that an address belongs to. */
export interface NearestSymbol {
  /** The symbol that begins there or last before. */
  readonly name: string;
  /** How far behind its start the address is, in bytes. */
  readonly offset: number;
}

/**
 * The kernel's own table of symbols, from its memory: what /proc/kallsyms shows, without those of modules. Without
 * CONFIG_KALLSYMS_ALL it has code only.
 */
export class Kallsyms {
  readonly #names: SymbolNames;
  readonly #addresses: SymbolAddresses;
  /** How many symbols there are. */
  readonly count: number;

  /** Throws `BAD_FORMAT` for tables that are none, `NOT_IN_DUMP` where they are not in the dump. */
  constructor(memory: KernelMemory, tables: KallsymsTables) {
    const reader = new KernelReader(memory);
    this.count = reader.u32(tables.numSyms);
    if (this.count === 0 || this.count > MOST_SYMBOLS)
      throw refusal(
        'BAD_FORMAT',
        `kallsyms_num_syms at 0x${tables.numSyms.toString(16)} is ${this.count}: no kernel has as many symbols; is the address right?`,
      );
    this.#names = new SymbolNames(reader, tables, this.count);
    this.#addresses = new SymbolAddresses(reader, tables, this.count);
  }

  /** The address of a symbol, undefined when there is none. Of several of one name it is the lowest. */
  symbol(name: string): bigint | undefined {
    const found = this.#names.find(name);
    return found < 0 ? undefined : this.#addresses.at(found);
  }

  /** The symbol that an address belongs to; undefined outside the kernel's image. Of several at one place it is the first. */
  nearest(va: bigint): NearestSymbol | undefined {
    const found = this.#addresses.nearest(va);
    if (found < 0) return undefined;
    const { name, address } = this.#symbol(found);
    return { name, offset: Number(va - address) };
  }

  /** All symbols, by address; per-CPU variables of x86 before 6.15 come first. */
  *all(): IterableIterator<KernelSymbol> {
    for (let i = 0; i < this.count; i++) yield this.#symbol(i);
  }

  #symbol(number: number): KernelSymbol {
    const spelt = this.#names.spell(number);
    return { name: spelt.slice(1), type: spelt.slice(0, 1), address: this.#addresses.at(number) };
  }
}

/**
 * The symbols of a kernel whose VMCOREINFO says where the tables are (see {@link kallsymsTables}). Throws `BAD_FORMAT` when it
 * does not, or when `_stext` is in both and not the same: memory is then translated wrongly.
 */
export function openKallsyms(memory: KernelMemory, vmcoreinfo: Vmcoreinfo): Kallsyms {
  const kallsyms = new Kallsyms(memory, kallsymsTables(vmcoreinfo));
  const [said, found] = [vmcoreinfo.symbol('_stext'), kallsyms.symbol('_stext')];
  if (said === undefined || found === undefined || said === found) return kallsyms;
  throw refusal(
    'BAD_FORMAT',
    `_stext is at 0x${said.toString(16)} by VMCOREINFO and at 0x${found.toString(16)} by kallsyms: they are not of one kernel, or memory is translated wrongly`,
  );
}
