import { type ReferenceConfig, reference } from '@vmemmap/conformance/reference';
import {
  type ArchPlugin,
  alignDown,
  alignUp,
  altmapAlloc,
  blockRun,
  definePlugin,
  EINVAL,
  ENOMEM,
  type ExceptionName,
  OK,
  type PopulateContext,
  translation,
  type VmemAltmap,
  vmemmapPopulateCompoundPages,
  vmemmapPopulateRange,
} from '@vmemmap/core';
import { type Break, broken, type ReferenceAtWork } from './broken.ts';

/** A broken architecture, and the clause that must say so. */
export interface BrokenVariant {
  readonly clause: string;
  /** What is wrong, after "that …". */
  readonly wrong: string;
  readonly plugin: ArchPlugin<ReferenceConfig>;
  readonly config?: Partial<ReferenceConfig>;
}

const PAGE = 4096;
/** Struct pages of a section of the reference, and its huge page. */
const PMD = 2 ** 21;
/** Bytes of RAM that a byte of struct pages stands for. */
const RAM_PER_BYTE = PAGE / 64;

const variant = (
  clause: string,
  wrong: string,
  change: Break,
  config: Partial<ReferenceConfig> = {},
): BrokenVariant => ({
  clause,
  wrong,
  plugin: broken(change),
  config,
});

/** Whether the struct pages at `offset` are of memory that was there at boot. */
const isBoot = (m: PopulateContext, offset: number): boolean => m.memory.nodeOf(offset * RAM_PER_BYTE) >= 0;

/** Changes the leaves that the architecture writes. */
const leaf = (change: (entry: { lo: number; hi: number }) => void): Break => ({
  inside: ({ pageTable: { format } }) => {
    const makeLeaf = format.makeLeaf.bind(format);
    format.makeLeaf = (level, pa, out) => {
      makeLeaf(level, pa, out);
      change(out);
    };
  },
});

/** Hands every block of a size out again and again. */
const alias: Break = {
  context: (m) => {
    const first = new Map<number, number>();
    return {
      allocBlocks: (size, node, altmap, max, out) => {
        m.allocBlocks(size, node, altmap, max, out);
        if (out.count === 0) return;
        out.count = 1;
        out.pa = first.get(size) ?? out.pa;
        first.set(size, out.pa);
      },
    };
  },
};

/** Maps read-only what it should, and forgets to. */
const writableTails: Break = {
  inside: ({ pageTable: { format } }) => {
    format.makeReadOnlyLeaf = (level, pa, out) => format.makeLeaf(level, pa, out);
  },
};

/** Declares an exception that it does not make. */
const exception = (name: ExceptionName): Break => ({ arch: () => ({ exceptions: [{ name, why: 'nothing' }] }) });

/** Frees nothing that was there at boot. */
const keepsBoot: Break = {
  ops: (ops, m) => ({
    vmemmapFree: (start, end, altmap) => {
      const at = translation();
      ops.walker.walk(ops.initMm.root, start, at);
      if (!at.mapped || !m.isReserved(at.pa)) ops.vmemmapFree(start, end, altmap);
    },
  }),
};

/** Says that all went well, whatever happened. */
const alwaysOk: Break = {
  ops: (ops) => ({
    vmemmapPopulate: (...args) => {
      ops.vmemmapPopulate(...args);
      return OK;
    },
  }),
};

/** Declares less than it does. */
const undeclared = (capability: string): Break => ({
  arch: ({ capabilities }) => ({ capabilities: capabilities.filter((name) => name !== capability) }),
});

/** Takes existing leaves out before it populates, as if populate were meant to replace them. */
const replaces = (
  ops: ReferenceAtWork,
  when: (start: number, end: number) => boolean,
): ReturnType<NonNullable<Break['ops']>> => ({
  vmemmapPopulate: (start, end, node, altmap, pgmap) => {
    if (when(start, end)) {
      const { pageTable } = ops;
      const slot = pageTable.lookup(1, start);
      if (slot >= 0) pageTable.clear(1, slot, pageTable.index(1, start));
    }
    return ops.vmemmapPopulate(start, end, node, altmap, pgmap);
  },
});

function lax(): ArchPlugin<ReferenceConfig> {
  const plugin = (config: Partial<ReferenceConfig> = {}) =>
    reference(config.hugePages === undefined ? {} : { hugePages: config.hugePages });
  return Object.defineProperties(plugin, Object.getOwnPropertyDescriptors(reference)) as ArchPlugin<ReferenceConfig>;
}

/** Takes what it is not told from the architecture that was made before. */
function forgetful(): ArchPlugin<ReferenceConfig> {
  let last: Partial<ReferenceConfig> = {};
  const made = definePlugin<ReferenceConfig>({
    name: 'reference',
    about: 'broken on purpose',
    config: reference.config,
    capabilities: reference.capabilities,
    variants: [{ about: 'base pages', config: { hugePages: false } }],
    create: (config) => {
      const arch = reference({ ...config, ...last });
      last = config;
      return arch;
    },
  });
  return made;
}

function sharedState(): ArchPlugin<ReferenceConfig> {
  const populated = new Set<number>();
  return broken({
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        if (populated.has(start) && start > 0) return OK;
        populated.add(start);
        return ops.vmemmapPopulate(start, end, node, altmap, pgmap);
      },
    }),
  });
}

/** At least one variant of the reference for every clause. */
export const brokenVariants: readonly BrokenVariant[] = [
  variant('ALLOC-8', 'declares node-ignored and takes memory of the node', exception('node-ignored')),
  variant('ALLOC-9', 'declares node-unchecked and warns', exception('node-unchecked'), { hugePages: false }),
  variant('ERR-7', 'declares boot-tables-or-panic and goes on', exception('boot-tables-or-panic')),
  variant('ERR-8', 'declares checks-window and says nothing', exception('checks-window')),
  variant('ALT-6', 'declares altmap-fallback and fails without room in the altmap', exception('altmap-fallback')),
  variant('FREE-10', 'declares frees-whole-leaves and spares what is in use', exception('frees-whole-leaves'), {
    hugePages: true,
  }),
  variant('IDEM-3', 'declares assumes-populated and looks at what is mapped', exception('assumes-populated')),
  variant('CON-1', 'has another name than its plugin', { arch: () => ({ name: 'other' }) }),
  variant('CON-1', 'declares page-directory-sync and cannot make address spaces', {
    ops: () => ({ createAddressSpace: undefined as never }),
  }),
  { clause: 'CON-2', wrong: 'takes options that do not exist', plugin: lax() },
  { clause: 'CON-2', wrong: 'gives what was configured last', plugin: forgetful() },
  { clause: 'CON-3', wrong: 'remembers in the plugin what a machine has populated', plugin: sharedState() },
  variant('CON-4', 'takes base pages while it is watched', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, end, ...rest) => {
        if (m.trace === undefined || end - start < PMD) return ops.vmemmapPopulate(start, end, ...rest);
        ops.vmemmapPopulate(start, start + PAGE, ...rest);
        return ops.vmemmapPopulate(start + PAGE, end, ...rest);
      },
    }),
  }),
  variant(
    'CON-5',
    'takes a run of blocks that is shorter than asked for as no memory',
    {
      context: (m) => ({
        allocBlocks: (size, node, altmap, max, out) => {
          m.allocBlocks(size, node, altmap, max, out);
          if (out.count < max) out.count = 0;
        },
      }),
    },
    { hugePages: false },
  ),
  variant('CON-6', 'refuses a pgmap', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) =>
        pgmap === undefined ? ops.vmemmapPopulate(start, end, node, altmap, pgmap) : EINVAL,
    }),
  }),
  variant('CON-7', 'forgets the last section on a release with a boot buffer', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, end, ...rest) => {
        const skip = m.release.sparseBuffer && end * RAM_PER_BYTE === m.memory.end;
        return skip ? OK : ops.vmemmapPopulate(start, end, ...rest);
      },
    }),
  }),
  variant('CON-7', 'fails an assertion on a release with a boot buffer', {
    ops: (ops, m) => ({
      vmemmapPopulate: (...args) => {
        if (m.release.sparseBuffer) m.events.record('VM_BUG_ON', 'leaves-ascend', 'none', () => 'leaves ascend');
        return ops.vmemmapPopulate(...args);
      },
    }),
  }),

  variant('MAP-1', 'forgets a section', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, ...rest) => (start === PMD ? OK : ops.vmemmapPopulate(start, end, ...rest)),
    }),
  }),
  variant('MAP-1', 'ends walks in a stretch of no bytes', {
    walker: (walker) => ({
      walk: (root, offset, out) => {
        walker.walk(root, offset, out);
        out.span = 0;
      },
    }),
  }),
  variant('MAP-2', 'walks to the page after the right one', {
    walker: (walker) => ({
      walk: (root, offset, out) => {
        walker.walk(root, offset, out);
        out.pa += PAGE;
      },
    }),
  }),
  variant(
    'MAP-3',
    'lets user mode reach struct pages',
    leaf((entry) => {
      entry.lo |= 1 << 4;
    }),
  ),
  variant(
    'MAP-3',
    'maps struct pages for reading only',
    leaf((entry) => {
      entry.lo &= ~(1 << 2);
    }),
  ),
  variant(
    'MAP-4',
    'maps struct pages executable',
    leaf((entry) => {
      entry.lo &= ~(1 << 3);
    }),
  ),
  variant('MAP-5', 'maps the same huge page everywhere', alias),
  variant('MAP-6', 'maps a section too much', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, ...rest) => ops.vmemmapPopulate(start, end + PMD, ...rest),
    }),
  }),
  variant('MAP-7', 'maps nothing after boot', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, ...rest) => (isBoot(m, start) ? ops.vmemmapPopulate(start, ...rest) : OK),
    }),
  }),
  variant('MAP-8', 'adds whole sections only', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, ...rest) => (end - start < PMD ? EINVAL : ops.vmemmapPopulate(start, end, ...rest)),
    }),
  }),
  variant('MAP-9', 'populates no further than RAM goes', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, end, ...rest) => {
        const last = alignUp(m.memory.end / RAM_PER_BYTE, PAGE);
        return ops.vmemmapPopulate(start, start < last ? Math.min(end, last) : end, ...rest);
      },
    }),
  }),

  variant('ALLOC-1', 'frees what it has just mapped', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, end, ...rest) => {
        const err = ops.vmemmapPopulate(start, end, ...rest);
        const at = translation();
        ops.walker.walk(ops.initMm.root, start, at);
        if (at.mapped) m.freePages(at.pa, at.span);
        return err;
      },
    }),
  }),
  variant('ALLOC-2', 'makes tables out of nothing', {
    context: () => {
      let next = 2 ** 39;
      return {
        allocBlock: (size) => {
          next -= size;
          return next;
        },
      };
    },
  }),
  variant(
    'ALLOC-2',
    'makes tables out of struct pages',
    {
      context: (m) => {
        let spare = 0;
        return {
          allocBlocks: (size, node, altmap, max, out) => {
            m.allocBlocks(size, node, altmap, max, out);
            if (spare === 0 && out.count > 0) spare = out.pa + size;
          },
          allocBlock: (size, node) => {
            if (spare === 0) return m.allocBlock(size, node);
            spare -= size;
            return spare;
          },
        };
      },
    },
    { hugePages: false },
  ),
  variant('ALLOC-3', 'takes all memory from node 0 and says nothing', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, _node, altmap, pgmap) => ops.vmemmapPopulate(start, end, 0, altmap, pgmap),
    }),
  }),
  variant('ALLOC-4', 'insists on its node', {
    context: (m) => ({
      allocBlocks: (size, node, altmap, max, out) => {
        m.allocBlocks(size, node, altmap, max, out);
        if (altmap === undefined && m.memory.nodeOf(out.pa) !== node) out.count = 0;
      },
    }),
  }),
  variant('ALLOC-4', 'warns about every section', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        const err = ops.vmemmapPopulate(start, end, node, altmap, pgmap);
        const at = translation();
        ops.walker.walk(ops.initMm.root, start, at);
        if (at.mapped && m.memory.nodeOf(at.pa) !== node) {
          m.events.record('WARN', 'offnode-page-structs', 'none', () => 'off node');
        }
        return err;
      },
    }),
  }),
  variant('ALLOC-10', 'warns of nothing', {
    context: (m) => ({ events: Object.assign(Object.create(m.events), { record: () => {} }) }),
  }),
  variant('ALLOC-5', 'takes a page more with every block', {
    context: (m) => ({
      allocBlocks: (size, node, altmap, max, out) => {
        m.allocBlocks(size, node, altmap, max, out);
        m.allocBlock(PAGE, node);
      },
    }),
  }),
  variant('ALLOC-6', 'takes base pages though it declares huge pages', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, ...rest) => {
        const err = ops.vmemmapPopulate(start, start + PAGE, ...rest);
        return err === OK ? ops.vmemmapPopulate(start + PAGE, end, ...rest) : err;
      },
    }),
  }),
  variant('ALLOC-6', 'takes huge pages without declaring them', undeclared('huge-pages')),
  variant('ALLOC-7', 'gives up without a huge page', {
    context: (m) => {
      let dry = false;
      return {
        allocBlocks: (size, node, altmap, max, out) => {
          out.count = 0;
          if (size > PAGE || !dry) m.allocBlocks(size, node, altmap, max, out);
          dry = size > PAGE && out.count === 0;
        },
      };
    },
  }),

  variant('ALT-1', 'does not look at the altmap', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, _altmap, pgmap) => ops.vmemmapPopulate(start, end, node, undefined, pgmap),
    }),
  }),
  variant('ALT-1', 'takes from the altmap without declaring it', undeclared('altmap')),
  variant('ALT-1', 'takes what the altmap reserves', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        if (altmap === undefined) return ops.vmemmapPopulate(start, end, node, altmap, pgmap);
        const early = { ...altmap, reserve: 0 };
        const err = ops.vmemmapPopulate(start, end, node, early, pgmap);
        Object.assign(altmap, { alloc: early.alloc, align: early.align });
        return err;
      },
    }),
  }),
  altmapTables(),
  variant('ALT-3', 'takes RAM when the altmap is used up', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        const err = ops.vmemmapPopulate(start, end, node, altmap, pgmap);
        return err === OK || altmap === undefined ? err : ops.vmemmapPopulate(start, end, node, undefined, pgmap);
      },
    }),
  }),
  variant('ALT-4', 'takes a page more of the altmap', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        if (altmap !== undefined) altmapAlloc(altmap, PAGE, PAGE, 1, blockRun());
        return ops.vmemmapPopulate(start, end, node, altmap, pgmap);
      },
    }),
  }),
  variant('ALT-5', 'frees pages of the altmap to RAM', {
    ops: (ops) => ({ vmemmapFree: (start, end) => ops.vmemmapFree(start, end, undefined) }),
  }),

  variant('ERR-1', 'says that all went well whatever happened', alwaysOk),
  variant('ERR-1', 'unmaps a boot section on error', {
    ops: (ops) => ({
      vmemmapPopulate: (...args) => {
        const err = ops.vmemmapPopulate(...args);
        if (err !== OK) ops.vmemmapFree(0, PMD, undefined);
        return err;
      },
    }),
  }),
  variant('ERR-2', 'takes what it tried for what it did', {
    ops: (ops) => {
      const tried = new Set<number>();
      return {
        vmemmapPopulate: (start, ...rest) => {
          if (tried.has(start)) return OK;
          tried.add(start);
          return ops.vmemmapPopulate(start, ...rest);
        },
      };
    },
  }),
  variant('ERR-3', 'loses a page on error', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        const scratch = m.allocBlock(PAGE, node);
        const err = ops.vmemmapPopulate(start, end, node, altmap, pgmap);
        if (err === OK && scratch >= 0) m.freePages(scratch, PAGE);
        return err;
      },
    }),
  }),
  variant('ERR-4', 'says that all went well at boot', {
    ops: (ops, m) => ({
      vmemmapPopulate: (start, ...rest) => {
        const err = ops.vmemmapPopulate(start, ...rest);
        return isBoot(m, start) ? OK : err;
      },
    }),
  }),
  variant('ERR-5', 'says -EINVAL without memory', {
    ops: (ops) => ({
      vmemmapPopulate: (...args) => (ops.vmemmapPopulate(...args) === ENOMEM ? EINVAL : OK),
    }),
  }),
  variant('ERR-6', 'loses a page of the altmap on error', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        const err = ops.vmemmapPopulate(start, end, node, altmap, pgmap);
        if (err !== OK && altmap !== undefined) altmap.alloc++;
        return err;
      },
    }),
  }),

  variant('IDEM-1', 'replaces leaves that are there', {
    ops: (ops) => replaces(ops, () => true),
  }),
  variant('IDEM-2', 'replaces a table by a huge page', {
    ops: (ops) =>
      replaces(ops, (start, end) => {
        const at = translation();
        ops.walker.walk(ops.initMm.root, start, at);
        return end - start === PMD && at.span === PAGE;
      }),
  }),

  variant('FREE-1', 'frees nothing', { ops: () => ({ vmemmapFree: () => {} }) }),
  variant('FREE-1', 'unmaps without declaring free', undeclared('free')),
  variant('FREE-2', 'unmaps and returns no memory', { context: () => ({ freePages: () => 'allocator' }) }),
  variant('FREE-2', 'returns memory without declaring free', undeclared('free')),
  variant('FREE-3', 'frees the last leaf again', {
    context: (m) => {
      let last: readonly [number, number] | undefined;
      return {
        freePages: (pa, size) => {
          last = [pa, size];
          return m.freePages(pa, size);
        },
        flushTlb: () => {
          if (last !== undefined) m.freePages(...last);
        },
      };
    },
  }),
  variant('FREE-4', 'frees a section too much', {
    ops: (ops) => ({ vmemmapFree: (start, end, altmap) => ops.vmemmapFree(start, end + PMD, altmap) }),
  }),
  variant('FREE-5', 'frees the whole leaf for a part', {
    ops: (ops) => ({
      vmemmapFree: (start, end, altmap) => ops.vmemmapFree(alignDown(start, PMD), alignUp(end, PMD), altmap),
    }),
  }),
  variant('FREE-6', 'forgets tables', {
    inside: ({ pageTable }, m) => {
      pageTable.freeTable = (level, _slot, parent, index) => {
        pageTable.clear(level - 1, parent, index);
        // So that nobody finds it again.
        m.tables.generation++;
      };
    },
  }),
  variant('FREE-7', 'keeps empty tables', {
    inside: ({ pageTable }) => {
      pageTable.freeTable = () => {};
    },
  }),
  variant('FREE-11', 'frees nothing of less than a section', {
    ops: (ops) => ({
      vmemmapFree: (start, end, altmap) => {
        if (end - start >= PMD) ops.vmemmapFree(start, end, altmap);
      },
    }),
  }),
  variant('FREE-8', 'flushes no TLB', { context: () => ({ flushTlb: () => {} }) }),
  variant('FREE-9', 'refuses to free boot memory', keepsBoot),
  variant('LIFE-5', 'refuses to free boot memory', keepsBoot),
  variant('LIFE-6', 'warns about what it frees', {
    ops: (ops, m) => ({
      vmemmapFree: (...args) => {
        m.events.record('WARN', 'entry', 'here', () => 'an entry that cannot be');
        ops.vmemmapFree(...args);
      },
    }),
  }),

  variant('TAB-1', 'translates to the byte after the right one', {
    walker: (walker) => ({
      translate: (root, va) => {
        const walk = walker.translate(root, va);
        walk.result.pa++;
        return walk;
      },
    }),
  }),
  variant('TAB-1', 'is wrong about many addresses', {
    walker: () => ({ walkMany: (_root, _offsets, pas) => void pas.fill(0) }),
  }),
  variant('TAB-1', 'is wrong about a range of addresses', {
    walker: () => ({ walkRange: (_root, _first, _step, _count, pas) => void pas.fill(0) }),
  }),
  variant('TAB-2', 'does not say why nothing is mapped', {
    walker: (walker) => ({
      walk: (root, offset, out) => {
        walker.walk(root, offset, out);
        out.fault = '';
      },
    }),
  }),
  variant('TAB-3', 'lists the root table only', {
    walker: (walker) => ({ tables: (root) => [...walker.tables(root)].slice(0, 1) }),
  }),
  variant('TAB-3', 'lists tables twice', {
    walker: (walker) => ({ tables: (root) => [...walker.tables(root), ...walker.tables(root)] }),
  }),
  variant('TAB-4', 'reads its own entries wrongly', {
    inside: ({ pageTable: { format } }) => {
      format.leafAddress = () => 0;
    },
  }),
  variant('TAB-7', 'loses what is above 4 GiB of an address', {
    inside: ({ pageTable: { format } }) => {
      const makeLeaf = format.makeLeaf.bind(format);
      format.makeLeaf = (level, pa, out) => makeLeaf(level, pa % 2 ** 32, out);
    },
  }),
  variant('TAB-8', 'has no name for a bit that it sets', {
    arch: ({ entryLayouts }) => ({
      entryLayouts: entryLayouts.map((layout) => ({
        ...layout,
        fields: layout.fields.filter(({ name }) => name !== 'NX'),
      })),
    }),
  }),
  variant('TAB-9', 'makes a table in the one made before, now and then', {
    context: (m) => {
      let last = -1;
      let calls = 0;
      return {
        allocBlock: (...args) => {
          const given = m.allocBlock(...args);
          calls++;
          last = calls % 5 === 0 ? last : given;
          return last;
        },
      };
    },
  }),
  variant('TAB-5', 'remembers walks', {
    walker: (walker) => {
      const seen = new Map<string, ReturnType<typeof translation>>();
      return {
        walk: (root, offset, out) => {
          const key = `${root} ${offset}`;
          walker.walk(root, offset, out);
          const known = seen.get(key);
          if (known !== undefined) Object.assign(out, known);
          else if (out.mapped) seen.set(key, { ...out });
        },
      };
    },
  }),
  variant('TAB-6', 'describes a bit twice', {
    arch: ({ entryLayouts }) => ({
      entryLayouts: entryLayouts.map((layout) => ({ ...layout, fields: [...layout.fields, ...layout.fields] })),
    }),
  }),
  variant('TAB-6', 'describes no entries', { arch: () => ({ entryLayouts: [] }) }),

  variant('SYNC-1', 'tells no other address space', {
    inside: (ops) => {
      ops.syncKernelMappings = () => {};
    },
  }),
  variant('SYNC-2', 'starts address spaces empty', {
    ops: (_, m) => ({
      createAddressSpace: (name, root) => {
        m.tables.create(root, PAGE);
        return { name, root };
      },
    }),
  }),
  variant('SYNC-7', 'takes a root entry out of init_mm alone', {
    ops: (ops) => ({
      vmemmapFree: (start, end, altmap) => {
        ops.vmemmapFree(start, end, altmap);
        const { pageTable } = ops;
        if (start > 2 ** 32) pageTable.clear(0, pageTable.lookup(0, start), pageTable.index(0, start));
      },
    }),
  }),
  variant('SYNC-3', 'tells other address spaces only when all went well', {
    inside: (ops, m) => {
      const sync = ops.syncKernelMappings.bind(ops);
      const populate = ops.vmemmapPopulate.bind(ops);
      ops.syncKernelMappings = () => {};
      ops.vmemmapPopulate = (start, end, ...rest) => {
        const err = populate(start, end, ...rest);
        if (err === OK && m.release.syncsNewTopLevelEntries) sync(start, end - 1);
        return err;
      };
    },
  }),
  variant('SYNC-4', 'writes into the user half', {
    ops: (ops, m) => ({
      vmemmapPopulate: (...args) => {
        for (const { root } of m.addressSpaces) m.tables.lanes[ops.pageTable.word(m.tables.find(root), 0)]!++;
        return ops.vmemmapPopulate(...args);
      },
    }),
  }),
  variant('SYNC-5', 'makes address spaces without declaring it', undeclared('page-directory-sync')),

  variant('SEC-1', 'has a vmemmap with bits where the section flags are', {
    arch: (arch) => ({
      window: (memory, release) => {
        const window = arch.window(memory, release);
        return { ...window, base: window.base + 16n };
      },
    }),
  }),
  variant('SEC-2', 'has a window that is too small', {
    arch: (arch) => ({
      window: (memory, release) => {
        const window = arch.window(memory, release);
        return { ...window, end: window.start + BigInt(2 * PMD) };
      },
    }),
  }),
  variant('SEC-5', 'has a vmemmap at any page', {
    arch: (arch) => ({
      window: (memory, release) => {
        const { base, start, end } = arch.window(memory, release);
        return { base: base + BigInt(PMD), start, end: end + BigInt(PMD) };
      },
    }),
  }),
  variant('SEC-3', 'maps the same huge page everywhere', alias),
  variant('SEC-4', 'says that all went well whatever happened', alwaysOk),
  variant('SEC-6', 'says that all went well whatever happened', alwaysOk),

  variant('CON-8', 'takes base pages when it gets a pgmap', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        if (pgmap === undefined) return ops.vmemmapPopulate(start, end, node, altmap, pgmap);
        const err = ops.vmemmapPopulate(start, start + PAGE, node, altmap, pgmap);
        return err === OK ? ops.vmemmapPopulate(start + PAGE, end, node, altmap, pgmap) : err;
      },
    }),
  }),
  variant('CON-9', 'says why a capability is missing that it has', {
    arch: () => ({ without: { 'memory-hotplug': 'arch/nowhere/Kconfig' } }),
  }),
  variant('CON-9', 'does not say why a capability is missing', {
    arch: ({ capabilities }) => ({
      capabilities: capabilities.filter((name) => name !== 'memmap-on-memory'),
      without: { 'memmap-on-memory': ' ' },
    }),
  }),
  variant('CON-9', 'has huge pages the largest first', { arch: () => ({ hugePageSizes: [2 ** 30, 2 ** 21] }) }),
  variant('CON-9', 'has zones the highest first', { arch: () => ({ zoneLimits: [2 ** 32, 2 ** 24] }) }),
  variant('CON-9', 'has three zones below ZONE_NORMAL', { arch: () => ({ zoneLimits: [2 ** 24, 2 ** 30, 2 ** 32] }) }),
  variant('CON-9', 'cannot write-protect what it optimises at boot', {
    inside: ({ pageTable: { format } }) => {
      Object.assign(format, { writeProtect: undefined });
    },
  }),

  variant('LIFE-1', 'frees whole sections for a part', {
    ops: (ops) => ({
      vmemmapFree: (start, end, altmap) => ops.vmemmapFree(alignDown(start, PMD), alignUp(end, PMD), altmap),
    }),
  }),
  variant('LIFE-1', 'populates the first subsections of a section only', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, ...rest) =>
        end - start < PMD && start % PMD !== 0 ? OK : ops.vmemmapPopulate(start, end, ...rest),
    }),
  }),
  variant('LIFE-2', 'maps the same huge page everywhere', alias),
  variant('LIFE-3', 'leaves the struct pages of removed memory behind', { ops: () => ({ vmemmapFree: () => {} }) }),
  variant('LIFE-4', 'does not look at the altmap of a memory block', {
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, _altmap, pgmap) => ops.vmemmapPopulate(start, end, node, undefined, pgmap),
      vmemmapFree: (start, end) => ops.vmemmapFree(start, end, undefined),
    }),
  }),
  variant('LIFE-4', 'keeps a page of the altmap when memory is removed', {
    ops: (ops) => ({
      vmemmapFree: (start, end, altmap) => {
        ops.vmemmapFree(start, end, altmap);
        if (altmap !== undefined) altmap.alloc++;
      },
    }),
  }),

  variant('SYNC-6', 'tells nobody of what compound device memory needs', {
    inside: (ops) => {
      const populate = ops.vmemmapPopulate.bind(ops);
      const sync = ops.syncKernelMappings.bind(ops);
      let quiet = false;
      ops.syncKernelMappings = (start, end) => {
        if (!quiet) sync(start, end);
      };
      ops.vmemmapPopulate = (start, end, node, altmap, pgmap) => {
        quiet = pgmap !== undefined;
        const err = populate(start, end, node, altmap, pgmap);
        quiet = false;
        return err;
      };
    },
  }),
  variant('SYNC-6', 'tells everybody where the kernel tells nobody', {
    ops: (ops) => ({
      vmemmapPopulateCompoundPages: (start, end, node, pgmap) => {
        const err = vmemmapPopulateCompoundPages(ops.pageTable, start, end, node, pgmap);
        ops.syncKernelMappings(start, end - 1);
        return err;
      },
    }),
  }),

  variant('DAX-1', 'shares nothing', {
    ops: ({ pageTable }) => ({
      vmemmapPopulateCompoundPages: (start, end, node) => vmemmapPopulateRange(pageTable, start, end, node, undefined),
    }),
  }),
  variant('DAX-2', 'starts a compound anew in every section', {
    ops: ({ pageTable }) => ({
      vmemmapPopulateCompoundPages: (start, end, node, { vmemmapShift }) => {
        const ranges = [{ start: start * RAM_PER_BYTE, end: end * RAM_PER_BYTE }];
        return vmemmapPopulateCompoundPages(pageTable, start, end, node, { ranges, nrRange: 0, vmemmapShift });
      },
    }),
  }),
  variant('DAX-3', 'takes no reference to a shared page', { context: () => ({ getPage: () => {} }) }),
  variant('DAX-4', 'gives the third page of a compound memory of its own', {
    ops: ({ pageTable }) => ({
      vmemmapPopulateCompoundPages: (start, end, node, pgmap) => {
        const size = 2 ** pgmap.vmemmapShift * 64;
        for (let addr = start; addr < end; addr += size)
          vmemmapPopulateRange(pageTable, addr + 2 * PAGE, addr + 3 * PAGE, node, undefined);
        return vmemmapPopulateCompoundPages(pageTable, start, end, node, pgmap);
      },
    }),
  }),
  variant('DAX-5', 'keeps a shared page when its last mapping goes', {
    context: (m) => {
      const references = new Map<number, number>();
      return {
        getPage: (pa, count = 1) => {
          references.set(pa, (references.get(pa) ?? 0) + count);
          m.getPage(pa, count);
        },
        freePages: (pa, size) => {
          const left = references.get(pa);
          if (left === 0) return 'referenced';
          if (left !== undefined) references.set(pa, left - 1);
          return m.freePages(pa, size);
        },
      };
    },
  }),
  variant('DAX-6', 'lets everybody write to the tails of a zone', writableTails),

  variant('HVO-1', 'lets everybody write to the tails of HugeTLB pages', writableTails),
  variant('HVO-1', 'maps the page after the shared tail', {
    inside: ({ pageTable: { format } }) => {
      const makeReadOnlyLeaf = format.makeReadOnlyLeaf!.bind(format);
      format.makeReadOnlyLeaf = (level, pa, out) => makeReadOnlyLeaf(level, pa + PAGE, out);
    },
  }),
  variant('HVO-2', 'splits a leaf into the pages after the right ones', {
    inside: ({ pageTable }) => {
      const splitLeaf = pageTable.splitLeaf.bind(pageTable);
      pageTable.splitLeaf = (slot, index, offset, pa, node) => splitLeaf(slot, index, offset, pa + PAGE, node);
    },
  }),
  variant('HVO-3', 'gives back struct pages that cannot be written', {
    inside: ({ pageTable }) => {
      const setLeaves = pageTable.setLeaves.bind(pageTable);
      pageTable.setLeaves = (level, slot, index, count, pa, paStep) => {
        if (count === 1 && paStep === 0) pageTable.setReadOnlyLeaves(level, slot, index, count, pa);
        else setLeaves(level, slot, index, count, pa, paStep);
      };
    },
  }),
  variant('HVO-4', 'takes a page for nothing whenever one entry is written', {
    inside: ({ pageTable }, m) => {
      const setLeaves = pageTable.setLeaves.bind(pageTable);
      pageTable.setLeaves = (level, slot, index, count, pa, paStep) => {
        if (count === 1) m.allocBlock(PAGE, 0);
        setLeaves(level, slot, index, count, pa, paStep);
      };
    },
  }),
  variant('HVO-5', 'does not write-protect what boot has shared', {
    inside: ({ pageTable: { format } }) => {
      format.writeProtect = (lo, hi, out) => void Object.assign(out, { lo, hi });
    },
  }),
];

// Tables have no altmap to come from: this one remembers the last it was given.
function altmapTables(): BrokenVariant {
  let current: VmemAltmap | undefined;
  return variant('ALT-2', 'puts tables into the altmap', {
    context: (m) => ({
      allocBlock: (size, node) => {
        if (current === undefined) return m.allocBlock(size, node);
        const run = blockRun();
        altmapAlloc(current, size, PAGE, 1, run);
        return run.count === 0 ? -1 : run.pa;
      },
    }),
    ops: (ops) => ({
      vmemmapPopulate: (start, end, node, altmap, pgmap) => {
        current = altmap;
        const err = ops.vmemmapPopulate(start, end, node, altmap, pgmap);
        current = undefined;
        return err;
      },
    }),
  });
}
