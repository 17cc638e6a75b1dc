import { VmemmapError } from '@vmemmap/core';
import { readText } from '../read-text.ts';
import { type NodeOption, parseNodeOption } from './node-option.ts';
import { assignNodes } from './node-ranges.ts';
import type { MachineSource } from './source.ts';
import { readSysfsNodes } from './sysfs-nodes.ts';

const RUNNING_KERNEL = '/proc/iomem';

/** A line of /proc/iomem that tells of RAM: the name's rest says who added it after boot. */
const RAM_LINE = /^\s*([0-9a-f]+)-([0-9a-f]+) : System RAM( \(.+\))?\s*$/i;

/** RAM as /proc/iomem has it. */
export interface IomemRam {
  /** `[start, end)`, in order. */
  readonly boot: readonly { readonly start: number; readonly end: number }[];
  /** Lines of hot-added memory, which boot never sees. */
  readonly hotAdded: readonly string[];
}

/**
 * Reads the System RAM lines of a /proc/iomem.
 * @param source what to call it in an error
 * @throws VmemmapError `BAD_FORMAT`
 */
export function parseIomem(text: string, source: string): IomemRam {
  const boot: { start: number; end: number }[] = [];
  const hotAdded: string[] = [];
  for (const line of text.split('\n')) {
    const match = RAM_LINE.exec(line);
    if (match === null) continue;
    if (match[3] !== undefined) hotAdded.push(line.trim());
    // The end of a resource is its last byte.
    else boot.push({ start: Number.parseInt(match[1]!, 16), end: Number.parseInt(match[2]!, 16) + 1 });
  }
  if (boot.length === 0) bad(source, 'no line says "start-end : System RAM"; is it a copy of /proc/iomem?');
  if (boot.every(({ start, end }) => start === 0 && end === 1)) {
    bad(source, 'all addresses are zero: the kernel hides them from normal users; read it as root');
  }
  return { boot, hotAdded };
}

/** RAM from a copy of /proc/iomem, or from that of the running kernel, which also knows the nodes. */
export function iomemSource(path: string, nodeOptions: readonly string[]): MachineSource {
  const { boot, hotAdded } = parseIomem(readText(path), path);
  const given = nodeOptions.map(parseNodeOption);
  checkDisjoint(given);
  for (const { node, start, end, text } of given) {
    if (boot.some((range) => range.start < end && start < range.end)) continue;
    throw new VmemmapError(
      'BAD_MEMORY_MAP',
      `--node ${text}: node ${node} has no memory in this range`,
      '@vmemmap/cli',
    );
  }
  const nodes = given.length === 0 && path === RUNNING_KERNEL ? readSysfsNodes('/sys/devices/system') : given;
  return {
    title: path,
    memory: () => ({ ranges: assignNodes(boot, nodes) }),
    notes: hotAdded.map((line) => `left out, as it was added after boot: ${line}`),
  };
}

// An address is on one node.
function checkDisjoint(options: readonly NodeOption[]): void {
  for (const [n, one] of options.entries()) {
    for (const other of options.slice(n + 1)) {
      if (one.node === other.node || one.start >= other.end || other.start >= one.end) continue;
      throw new VmemmapError(
        'BAD_MEMORY_MAP',
        `--node ${one.text} and --node ${other.text} overlap; an address is on one node`,
        '@vmemmap/cli',
      );
    }
  }
}

function bad(source: string, message: string): never {
  throw new VmemmapError('BAD_FORMAT', `${source}: ${message}`, '@vmemmap/cli');
}
