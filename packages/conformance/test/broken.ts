import { type ReferenceConfig, reference } from '@vmemmap/conformance/reference';
import {
  type ArchPlugin,
  definePlugin,
  type PageTable,
  type PopulateContext,
  type VmemmapArch,
  type VmemmapOps,
} from '@vmemmap/core';

/** The reference at work: it has all that is optional but the fast walks. */
export type ReferenceAtWork = Required<Omit<VmemmapOps, 'walkMany' | 'walkRange' | 'pageTable'>> & {
  readonly pageTable: PageTable;
};

/** What is different in a broken variant of the reference. */
export interface Break {
  readonly arch?: (arch: VmemmapArch) => Partial<VmemmapArch>;
  /** What the architecture is given, in place of what the machine gives. */
  readonly context?: (m: PopulateContext) => Partial<PopulateContext>;
  /** Changes the object at work itself, before anybody has seen it. */
  readonly inside?: (ops: ReferenceAtWork, m: PopulateContext) => void;
  /** What the machine sees, in place of the object at work. */
  readonly ops?: (ops: ReferenceAtWork, m: PopulateContext) => Partial<VmemmapOps>;
}

/** The reference with something wrong in it. */
export function broken(change: Break): ArchPlugin<ReferenceConfig> {
  return definePlugin<ReferenceConfig>({
    name: 'reference',
    about: 'broken on purpose',
    config: reference.config,
    capabilities: reference.capabilities,
    create: (config) => brokenArch(reference(config), change),
  });
}

function brokenArch(arch: VmemmapArch, change: Break): VmemmapArch {
  const { name, config, model, capabilities, entryLayouts } = arch;
  return {
    name,
    config,
    model,
    capabilities,
    entryLayouts,
    window: (memory, release) => arch.window(memory, release),
    attach: (real, init) => {
      const m = Object.assign(Object.create(real), change.context?.(real)) as PopulateContext;
      const ops = arch.attach(m, init) as ReferenceAtWork;
      change.inside?.(ops, m);
      return { ...outside(ops), ...change.ops?.(ops, m) };
    },
    ...change.arch?.(arch),
  };
}

// A plain object can be changed member by member, an object with private fields cannot.
function outside(ops: ReferenceAtWork): VmemmapOps {
  return {
    initMm: ops.initMm,
    pageTable: ops.pageTable,
    rootBytes: ops.rootBytes,
    vmemmapPopulate: (...args) => ops.vmemmapPopulate(...args),
    vmemmapFree: (...args) => ops.vmemmapFree(...args),
    walk: (...args) => ops.walk(...args),
    translate: (...args) => ops.translate(...args),
    tables: (...args) => ops.tables(...args),
    readEntry: (...args) => ops.readEntry(...args),
    syncKernelMappings: (...args) => ops.syncKernelMappings(...args),
    createAddressSpace: (...args) => ops.createAddressSpace(...args),
  };
}
