import { hex, pageSize, sectionFlagNames, toU64, VmemmapError } from '@vmemmap/core';
import { type Capture, type CaptureListEntries, type CaptureSections, compareCapture } from '@vmemmap/core/capture';
import { KernelReader } from '@vmemmap/vmcore';
import { AuditContext } from '../audit-context.ts';
import type { DumpKernel } from '../kernel.ts';
import { subsectionMap } from '../subsections.ts';
import { readTopLevel } from '../top-level-entries.ts';
import type { ListEntry } from '../vmemmap-list.ts';
import { bootMemory } from './boot-memory.ts';
import { captureLeaves } from './leaf-runs.ts';
import { readResources } from './resources.ts';
import { addedMemory, type HotplugAdd } from './steps/added-memory.ts';
import { deviceSteps } from './steps/device-memory.ts';
import { fitSteps } from './steps/fit-steps.ts';
import { captureTables } from './tables.ts';

/** A capture of a dump, and what it could not say. */
export interface DumpCapture {
  /** The capture: `compareCapture()` takes it. */
  readonly capture: Capture;
  /** What was left out or is a guess, in words. */
  readonly notes: readonly string[];
}

/** mm/memory_hotplug.c: enum of memmap_mode. */
const MEMMAP_ON_MEMORY_FORCE = 2;

/**
 * Makes a capture of a dump's kernel: what it was given, as far as that is known, and what it built.
 * @param name what to call it
 * @throws VmemmapError as {@link AuditContext} and reading the dump do
 */
export function captureDump(kernel: DumpKernel, name: string): DumpCapture {
  return captureAudited(new AuditContext(kernel), name);
}

/** The same of what is read already. */
export function captureAudited(audit: AuditContext, name: string): DumpCapture {
  const { kernel, model, window, map } = audit;
  const { vmemmapList: list } = kernel;
  const notes: string[] = [];
  const format = kernel.context.ops.pageTable?.format;
  const levels = (format?.levels ?? []).map(({ name: level, shift, indexBits }) => ({ name: level, shift, indexBits }));
  const levelNames = levels.map((level) => level.name);
  const { tables, outside } = captureTables(kernel.context, map);
  const leaves = captureLeaves(map, window.start, levelNames);
  const resources = readResources(kernel);
  const added = addedMemory(audit, resources);
  const devices = deviceSteps(audit);
  if (devices === undefined && audit.compounds.some(({ device }) => device))
    notes.push('the kernel says nothing of its devices: their steps are left out');
  const counters = countersOf(kernel);
  if (counters === null) notes.push('no symbols, so no counters');
  const ram = bootMemory(kernel, resources);
  if (ram.length === 0) notes.push("RAM is what the dump has of boot's sections");
  const tableCounts = Object.fromEntries(levelNames.map((level) => [level, 0]));
  for (const { level } of tables) tableCounts[level] = tableCounts[level]! + 1;
  const frames = new Set(map.leaves.pa.subarray(0, map.leaves.count));
  const capture: Capture = {
    format: 'vmemmap-capture/1',
    name,
    title: `${kernel.plugin.arch}, Linux ${kernel.facts.osrelease}, from a dump`,
    machine: {
      arch: kernel.plugin.arch,
      release: kernel.release.name,
      pageSize: pageSize(model),
      structPageSize: model.structPageSize,
      config: { ...kernel.arch.config, ...memmapOnMemory(kernel, added) },
      memory: ram.length > 0 ? ram : kernel.map.ranges,
    },
    steps: [],
    expected: {
      vmemmapBase: BigInt.asUintN(64, window.base),
      vmemmapWindow: { start: window.start, end: window.end },
      levels,
      entryEndian: kernel.arch.entryByteOrder ?? 'little',
      sectionSizeBits: model.sectionSizeBits,
      sections: sectionRuns(kernel, notes),
      counters,
      tables,
      leaves,
      ...(list.length === 0 ? {} : { vmemmapList: listRuns(list) }),
      ...processesOf(kernel),
      outside,
      summary: {
        tables: tableCounts,
        distinctLeafPas: frames.size,
        leafCount: map.leaves.count,
        mappedBytes: leaves.reduce((sum, { count, leafSize }) => sum + count * leafSize, 0),
      },
    },
  };
  const differences = (steps: Capture['steps']): number =>
    compareCapture({ ...capture, steps }, kernel.plugin, 0).differenceCount;
  const steps = fitSteps(audit, [...added, ...(devices ?? [])], differences);
  return { notes, capture: { ...capture, steps } };
}

// Top-level entries by process, where each has its own.
function processesOf(kernel: DumpKernel): Pick<Capture['expected'], 'processes'> {
  const top = readTopLevel(kernel);
  if (top === undefined) return {};
  const { first, init } = top;
  const mms = top.processes.flatMap(({ process: { pid, comm }, entries }) => {
    if (entries === undefined) return [];
    const differing = entries.flatMap(([lo, hi], n) => (lo === init[n]![0] && hi === init[n]![1] ? [] : [first + n]));
    return [{ pid, comm, differing }];
  });
  return {
    processes: {
      topLevelIndexes: init.map((_, n) => first + n),
      initNonZero: init.flatMap(([lo, hi], n) => ((lo | hi) === 0 ? [] : [{ index: first + n, raw: toU64(lo, hi) }])),
      mms,
    },
  };
}

// mm/memory_hotplug.c: memmap_mode is what the module's parameter memmap_on_memory was given.
function memmapOnMemory(
  kernel: DumpKernel,
  added: readonly HotplugAdd[],
): { readonly memmapOnMemory?: 'on' | 'force' } {
  if (!added.some((step) => step.memmapOnMemory)) return {};
  const mode = kernel.facts.symbol('memmap_mode');
  const forced = mode !== undefined && new KernelReader(kernel.memory).u32(mode) === MEMMAP_ON_MEMORY_FORCE;
  return { memmapOnMemory: forced ? 'force' : 'on' };
}

// mm/vmstat.c: nr_memmap_pages and nr_memmap_boot_pages are an atomic_long_t each.
function countersOf({
  memory,
  facts,
}: DumpKernel): { readonly nr_memmap_pages: number; readonly nr_memmap_boot_pages: number } | null {
  const reader = new KernelReader(memory);
  const [pages, boot] = ['nr_memmap_pages', 'nr_memmap_boot_pages'].map((name) => facts.symbol(name));
  if (pages === undefined || boot === undefined) return null;
  const read = (va: bigint): number => Number(BigInt.asIntN(64, reader.u64(va)));
  return { nr_memmap_pages: read(pages), nr_memmap_boot_pages: read(boot) };
}

function sectionRuns(kernel: DumpKernel, notes: string[]): readonly CaptureSections[] {
  const { model } = kernel.context;
  const pages = 2 ** (model.sectionSizeBits - model.pageShift);
  const runs: { -readonly [K in keyof CaptureSections]: CaptureSections[K] }[] = [];
  let unread = 0;
  for (const section of kernel.sections) {
    let map: bigint | null = null;
    try {
      map = subsectionMap(kernel, section);
    } catch (error) {
      if (!(error instanceof VmemmapError)) throw error;
      unread++;
    }
    const before = runs.at(-1);
    if (
      before !== undefined &&
      before.nr + before.count === section.nr &&
      before.raw === section.raw &&
      before.subsectionMap === map
    )
      before.count++;
    else
      runs.push({
        nr: section.nr,
        count: 1,
        startPfn: section.nr * pages,
        raw: section.raw,
        flags: sectionFlagNames(section.flags),
        subsectionMap: map,
      });
  }
  if (unread > 0) notes.push(`the subsection maps of ${unread} sections are not in the dump`);
  return runs;
}

function listRuns(list: readonly ListEntry[]): readonly CaptureListEntries[] {
  const runs: CaptureListEntries[] = [];
  for (let first = 0; first < list.length; ) {
    const { virt, phys, node } = list[first]!;
    const next = list[first + 1];
    const steps = { virt: (next?.virt ?? 0n) - virt, phys: (next?.phys ?? 0) - phys, node: (next?.node ?? 0n) - node };
    let end = first + 1;
    for (; end < list.length; end++) {
      const [a, b] = [list[end - 1]!, list[end]!];
      if (b.virt - a.virt !== steps.virt || b.phys - a.phys !== steps.phys || b.node - a.node !== steps.node) break;
    }
    const run = { virt, phys, node };
    if (end - first === 1) runs.push(run);
    else
      runs.push({
        ...run,
        count: end - first,
        virtStep: steps.virt,
        physStep: BigInt(steps.phys),
        nodeStep: steps.node,
      });
    first = end;
  }
  return runs;
}

/** A capture as text: 64-bit values, addresses and sizes in hex, as `readCapture()` takes them. */
export function captureText({ machine, steps, expected, ...rest }: Capture): string {
  const text = {
    ...rest,
    machine: {
      ...machine,
      config: values(machine.config, []),
      memory: machine.memory.map((range) => values(range, ['start', 'end'])),
    },
    steps: steps.map(stepText),
    expected: {
      ...expected,
      vmemmapBase: signedHex(expected.vmemmapBase),
      vmemmapWindow: values(expected.vmemmapWindow, []),
      sections: expected.sections.map((run) => values(run, ['startPfn'])),
      tables: expected.tables.map((table) => ({
        ...values(table, ['pa']),
        entries: table.entries.map((run) => values(run, [])),
      })),
      leaves: expected.leaves.map((run) => values(run, ['pa', 'leafSize'])),
      ...(expected.vmemmapList === undefined || expected.vmemmapList === null
        ? {}
        : { vmemmapList: expected.vmemmapList.map((run) => values(run, ['phys'])) }),
      ...(expected.processes === undefined || expected.processes === null
        ? {}
        : {
            processes: {
              ...expected.processes,
              initNonZero: expected.processes.initNonZero.map((entry) => values(entry, [])),
            },
          }),
      outside: expected.outside.map((entry) => values(entry, [])),
    },
  };
  return `${JSON.stringify(text, undefined, 1)}\n`;
}

// As readCapture() takes them: the span of a device in `start` and `end` where it has one, no altmap as null.
function stepText(step: Capture['steps'][number]): object {
  const spans = ['start', 'end', 'size', 'blockSize'];
  if (step.op === 'memremap') {
    const { ranges, altmap, ...rest } = step;
    const [only] = ranges;
    const where =
      only !== undefined && ranges.length === 1
        ? values(only, spans)
        : { ranges: ranges.map((range) => values(range, spans)) };
    return { ...rest, ...where, altmap: altmap === undefined ? null : values(altmap, ['basePfn']) };
  }
  const text = values(step, spans);
  return 'pages' in step ? { ...text, pages: step.pages.map((run) => values(run, spans)) } : text;
}

// Numbers of 64 bits always in hex, others where they are addresses or sizes.
function values(object: object, inHex: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key,
      typeof value === 'bigint'
        ? signedHex(value)
        : inHex.includes(key) && typeof value === 'number'
          ? hex(value)
          : value,
    ]),
  );
}

function signedHex(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
