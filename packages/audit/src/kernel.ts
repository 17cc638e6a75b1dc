// A dump's kernel: which architecture, configuration and release it is, and how that is known.
import {
  type ArchPlugin,
  type DirectMapping,
  findRelease,
  isSince,
  type KernelFacts,
  type KernelRelease,
  MemoryMap,
  pageSize as modelPageSize,
  type Recognition,
  releases,
  SECTION_FLAGS,
  type VmemmapArch,
} from '@vmemmap/core';
import type { Dump, Vmcoreinfo } from '@vmemmap/vmcore';
import { DumpContext } from './dump-context.ts';
import { DumpFacts, type FactLines } from './dump-facts.ts';
import { fitConfig } from './fit-config.ts';
import { type NodeSpan, nodeAt, readNodes } from './nodes.ts';
import { refusal } from './refusal.ts';
import { type DumpSection, readSections } from './sections.ts';
import { VirtualMemory } from './virtual-memory.ts';
import { type ListEntry, listMappings, readVmemmapList } from './vmemmap-list.ts';

/** What may be told of a dump instead of found out. */
export interface KernelOptions {
  /** Name of the plugin. */
  readonly arch?: string;
  /** Keys of its configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Name of the release. */
  readonly release?: string;
  /** Physical address of init_mm's root table. */
  readonly root?: number;
  /** Physical address of VMCOREINFO. */
  readonly vmcoreinfo?: number;
  /** Lines that VMCOREINFO does not have, and would have been found in the kernel's own tables. */
  readonly facts?: FactLines;
}

/** One thing that was found out about a kernel, and how. */
export interface Known {
  /** What: `la57`. */
  readonly what: string;
  /** Its value, as text. */
  readonly value: string;
  /** From where: `NUMBER(pgtable_l5_enabled)`, `given`. */
  readonly from: string;
}

/** The kernel of a dump. */
export interface DumpKernel {
  /** The dump. */
  readonly dump: Dump;
  /** What the kernel says of itself. */
  readonly facts: DumpFacts;
  /** VMCOREINFO as it stands. */
  readonly vmcoreinfo: Vmcoreinfo;
  /** The plugin that reads it. */
  readonly plugin: ArchPlugin;
  /** The architecture as it is configured. */
  readonly arch: VmemmapArch;
  /** The release that it is modelled by. */
  readonly release: KernelRelease;
  /** How all that is known. */
  readonly known: readonly Known[];
  /** Its memory by kernel address. */
  readonly memory: VirtualMemory;
  /** Sections that are present, by number. */
  readonly sections: readonly DumpSection[];
  /** vmemmap_list, head first, where no page tables map the window; else empty. */
  readonly vmemmapList: readonly ListEntry[];
  /** What maps the window where no page tables do (vmemmap_list), by address; else empty. */
  readonly list: readonly DirectMapping[];
  /** Nodes, as far as the kernel says where they are. */
  readonly nodes: readonly NodeSpan[];
  /** RAM of boot, by node. */
  readonly map: MemoryMap;
  /** The architecture attached to the dump's tables. */
  readonly context: DumpContext;
}

/**
 * Finds out what kernel a dump is of.
 * @param plugins architectures it may be of
 * @throws VmemmapError `BAD_FORMAT` when it says too little, `UNKNOWN_ARCH` when no plugin knows it, and what the plugin says
 * of the configuration
 */
export function openKernel(dump: Dump, plugins: readonly ArchPlugin[], options: KernelOptions = {}): DumpKernel {
  const { vmcoreinfo, origin } = dump.vmcoreinfo(options.vmcoreinfo);
  const facts = new DumpFacts(dump, vmcoreinfo, options.facts);
  const { plugin, recognition } = recognise(plugins, facts, options);
  const told = { ...recognition.config, ...options.config };
  const guess = plugin(told);
  const release = options.release === undefined ? releaseOf(facts.osrelease) : findRelease(options.release);
  const root = options.root ?? recognition.root;
  const attach = (arch: VmemmapArch, map: MemoryMap): DumpContext =>
    new DumpContext(arch, release, map, arch.window(map, release), dump.memory, root);
  const model = guess.modelOn?.(release) ?? guess.model;
  const page = modelPageSize(model);
  const of = (ranges: readonly { node: number; start: number; end: number }[]): MemoryMap =>
    new MemoryMap({ ranges: [...ranges] }, page, model.maxPhysmemBits);
  // All that the file has, to begin with: the sections say which of it is the kernel's.
  const whole = dump.memory.ranges
    .map(({ start, end }) => ({ node: 0, start: Math.ceil(start / page) * page, end: Math.floor(end / page) * page }))
    .filter(({ start, end }) => start < end && end <= 2 ** model.maxPhysmemBits);
  if (whole.length === 0) throw refusal('BAD_FORMAT', 'the dump has no memory');
  const first = attach(guess, of(whole));
  const reader = (context: DumpContext, more: readonly DirectMapping[] = []): VirtualMemory =>
    new VirtualMemory(dump.memory, dump.byteOrder, context.ops.walker, root, [...recognition.direct, ...more]);
  const before = reader(first);
  facts.readFrom(before);
  const sections = readSections(facts, before);
  const nodes = readNodes(facts, before, page);
  const section = 2 ** model.sectionSizeBits;
  const early = new Set(sections.filter(({ flags }) => (flags & SECTION_FLAGS.IS_EARLY) !== 0).map(({ nr }) => nr));
  const map = of(inSections(whole, early, section).flatMap((range) => nodeAt(nodes, range)));
  const vmemmapList = first.ops.pageTable === undefined ? (readVmemmapList(facts, before) ?? []) : [];
  const list = listMappings(vmemmapList);
  const { config, arch, context } = fitConfig(
    plugin,
    { config: told, arch: guess, context: attach(guess, map) },
    new Set(Object.keys(told)),
    { sections, mappings: list },
    (other) => attach(other, map),
  );
  const fromOf = (key: string): string => {
    if (options.config !== undefined && key in options.config) return 'given';
    return key in told ? (recognition.how[key] ?? 'VMCOREINFO') : 'fits the entries';
  };
  const known: Known[] = [
    { what: 'architecture', value: plugin.arch, from: options.arch === undefined ? `VMCOREINFO (${origin})` : 'given' },
    {
      what: 'release',
      value: release.name,
      from: options.release === undefined ? `OSRELEASE=${facts.osrelease}` : 'given',
    },
    ...Object.entries(config).map(([what, value]) => ({
      what,
      value: typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value),
      from: fromOf(what),
    })),
  ];
  const memory = reader(context, list);
  facts.readFrom(memory);
  return {
    dump,
    facts,
    vmcoreinfo,
    plugin,
    arch,
    release,
    known,
    memory,
    vmemmapList,
    list,
    nodes,
    sections,
    map,
    context,
  };
}

/** What of RAM lies in these sections. */
function inSections(
  ranges: readonly { node: number; start: number; end: number }[],
  sections: ReadonlySet<number>,
  bytes: number,
): { node: number; start: number; end: number }[] {
  return ranges.flatMap(({ node, start, end }) => {
    const parts: { node: number; start: number; end: number }[] = [];
    for (let nr = Math.floor(start / bytes); nr * bytes < end; nr++) {
      if (!sections.has(nr)) continue;
      const from = Math.max(start, nr * bytes);
      const to = Math.min(end, (nr + 1) * bytes);
      const before = parts.at(-1);
      if (before?.end === from) before.end = to;
      else parts.push({ node, start: from, end: to });
    }
    return parts;
  });
}

function recognise(
  plugins: readonly ArchPlugin[],
  facts: KernelFacts,
  { arch }: KernelOptions,
): { plugin: ArchPlugin; recognition: Recognition } {
  const nothing: Recognition = { config: {}, how: {}, root: undefined, direct: [] };
  for (const plugin of plugins) {
    if (arch !== undefined && plugin.arch !== arch) continue;
    const recognition = plugin.recognise?.(facts);
    if (recognition !== undefined) return { plugin, recognition };
    if (arch !== undefined) return { plugin, recognition: nothing };
  }
  const names = plugins.map((plugin) => plugin.arch).join(', ');
  throw refusal(
    'UNKNOWN_ARCH',
    arch === undefined
      ? `no plugin knows the kernel ${facts.osrelease} of this dump${facts.machine === '' ? '' : ` (${facts.machine})`}; tried ${names}`
      : `no plugin is called ${arch}; there are ${names}`,
  );
}

/** The newest modelled release that is not newer than the kernel; the oldest when all are. */
export function releaseOf(osrelease: string): KernelRelease {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(osrelease) ?? [];
  const older = releases.filter(
    ({ name, version: [a, b] }) =>
      /^\d/.test(name) && (Number(major) > a || (Number(major) === a && Number(minor) >= b)),
  );
  return older.reduce(
    (best, release) => (isSince(release, ...best.version) ? release : best),
    older[0] ?? releases[0]!,
  );
}
