import { type ReferenceConfig, reference } from '@vmemmap/conformance/reference';
import {
  type ArchPlugin,
  definePlugin,
  type PageTable,
  type PopulateContext,
  type VmemmapArch,
  type VmemmapOps,
  type VmemmapWalker,
} from '@vmemmap/core';

/** The reference at work: it has all that is optional. */
export type ReferenceAtWork = Required<
  Omit<
    VmemmapOps,
    | 'pageTable'
    | 'walker'
    | 'pgtableCacheInit'
    | 'vmemmapList'
    | 'vmemmapPopulateCompoundPages'
    | 'supportsMemmapOnMemory'
  >
> & {
  readonly pageTable: PageTable;
  readonly walker: Required<VmemmapWalker>;
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
  /** How it is read back, in place of its walker. */
  readonly walker?: (walker: Required<VmemmapWalker>) => Partial<VmemmapWalker>;
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
  const { name, config, model, capabilities, entryLayouts, hugePageSizes = [] } = arch;
  return {
    name,
    config,
    model,
    capabilities,
    entryLayouts,
    hugePageSizes,
    window: (memory, release) => arch.window(memory, release),
    attach: (real, init) => {
      const m = Object.assign(Object.create(real), change.context?.(real)) as PopulateContext;
      const ops = arch.attach(m, init) as ReferenceAtWork;
      change.inside?.(ops, m);
      const walker = { ...outsideWalker(ops.walker), ...change.walker?.(ops.walker) };
      return { ...outside(ops), walker, ...change.ops?.(ops, m) };
    },
    ...change.arch?.(arch),
  };
}

// A plain object can be changed member by member, an object with private fields cannot.
function outside(ops: ReferenceAtWork): Omit<VmemmapOps, 'walker'> {
  return {
    initMm: ops.initMm,
    pageTable: ops.pageTable,
    rootBytes: ops.rootBytes,
    vmemmapPopulate: (...args) => ops.vmemmapPopulate(...args),
    vmemmapFree: (...args) => ops.vmemmapFree(...args),
    syncKernelMappings: (...args) => ops.syncKernelMappings(...args),
    createAddressSpace: (...args) => ops.createAddressSpace(...args),
  };
}

function outsideWalker(walker: Required<VmemmapWalker>): VmemmapWalker {
  return {
    walk: (...args) => walker.walk(...args),
    translate: (...args) => walker.translate(...args),
    walkMany: (...args) => walker.walkMany(...args),
    walkRange: (...args) => walker.walkRange(...args),
    tables: (...args) => walker.tables(...args),
    readEntry: (...args) => walker.readEntry(...args),
  };
}
