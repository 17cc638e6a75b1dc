import {
  type ArchPlugin,
  type Capability,
  type ConfigFields,
  definePlugin,
  type EntryLayout,
  type InitMm,
  type MemoryModel,
  type PopulateContext,
  type VmemmapArch,
  type VmemmapOps,
  type VmemmapWindow,
} from '@vmemmap/core';
import { capabilities, without } from './capabilities.ts';
import { entryLayouts } from './entry-layouts.ts';
import { tableLevels } from './levels.ts';
import { Mips64Ops } from './ops.ts';

/** What of the machine and the kernel decides about the vmemmap. */
export interface Mips64Config {
  /** Page size in bytes: 4096 or 16384. */
  pageSize: number;
  /** The CPU has PageGrain.XIE: pages can be protected from being executed. */
  executeInhibit: boolean;
}

const fields: ConfigFields = {
  pageSize: {
    type: 'number',
    default: 4096,
    min: 4096,
    max: 16384,
    oneOf: [4096, 16384],
    about: 'page size in bytes',
  },
  executeInhibit: { type: 'boolean', default: true, about: 'execute inhibit (PageGrain.XIE)' },
};

/** xkseg: mapped, for the kernel (MIPS64 privileged architecture, sec. 4.3). */
const XKSEG = 0xc000_0000_0000_0000n;

function memoryModel({ pageSize }: Mips64Config): MemoryModel {
  return {
    pageShift: Math.log2(pageSize),
    sectionSizeBits: 28, // asm/sparsemem.h: SECTION_SIZE_BITS
    maxPhysmemBits: 40, // made up: asm/sparsemem.h has 48, more than its three levels of 4K pages have room for
    structPageSize: 64,
    maxPageOrder: 10,
    bootGoal: 2 ** 24, // asm/dma.h: MAX_DMA_ADDRESS
  };
}

class Mips64Arch implements VmemmapArch {
  readonly name = 'mips64';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly without = without;
  readonly entryLayouts: readonly EntryLayout[];
  readonly #config: Mips64Config;

  constructor(config: Mips64Config) {
    this.#config = config;
    this.config = { ...config };
    this.model = memoryModel(config);
    this.capabilities = capabilities.filter(
      (name) => (name !== 'huge-pages' || config.pageSize === 4096) && (name !== 'no-execute' || config.executeInhibit),
    );
    this.entryLayouts = entryLayouts(config);
  }

  /** The upper half of what three levels reach in xkseg; the lower is vmalloc's. */
  window(): VmemmapWindow {
    const [top] = tableLevels(this.#config.pageSize);
    const base = XKSEG + (1n << BigInt(top!.shift + top!.indexBits - 1));
    const pages = 1n << BigInt(this.model.maxPhysmemBits - this.model.pageShift);
    return { base, start: base, end: base + pages * BigInt(this.model.structPageSize) };
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new Mips64Ops(m, init, this.#config);
  }
}

/** mips64 with a vmemmap: call it with a configuration and get the architecture for a `Machine`. */
export const mips64: ArchPlugin<Mips64Config> = definePlugin<Mips64Config>({
  name: 'mips64',
  // What it is written for: a core of another contract says so.
  contract: 1,
  about: 'mips64 as it would be with a vmemmap: three levels, refilled by software',
  config: fields,
  capabilities,
  variants: [
    { about: '4K pages, struct pages in huge pages of 2 MiB', config: {} },
    { about: '16K pages, struct pages in base pages', config: { pageSize: 16384 } },
    { about: 'a CPU without execute inhibit', config: { executeInhibit: false } },
  ],
  create: (config) => new Mips64Arch(config),
});
