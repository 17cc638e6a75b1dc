import { alignDown, alignUp, hex } from '../bits.ts';
import { VmemmapError } from '../errors.ts';

/** A stretch of RAM on one node, `[start, end)` in bytes of physical address. */
export interface MemoryRange {
  /** Number of the node. */
  readonly node: number;
  /** First byte. */
  readonly start: number;
  /** First byte after the range. */
  readonly end: number;
}

/** What a memory map is made from. */
export interface MemoryMapInput {
  /** RAM as memblock has it at boot, in any order. */
  readonly ranges: readonly MemoryRange[];
  /** How many nodes there are, 0 to n-1; each must have memory. Default: the nodes that the ranges name. */
  readonly nodes?: number;
  /** ACPI SLIT style distances, `distances[from][to]`; 10 is local. Default: 10 local, 20 remote. */
  readonly distances?: readonly (readonly number[])[];
}

/** include/linux/topology.h: LOCAL_DISTANCE and REMOTE_DISTANCE. */
const LOCAL_DISTANCE = 10;
const REMOTE_DISTANCE = 20;
/** Largest CONFIG_NODES_SHIFT of any of the architectures is 10. */
const MAX_NODES = 1024;

/**
 * RAM by node at boot: sorted, disjoint, in whole pages, neighbours on one node merged, as memblock keeps it.
 * Immutable.
 */
export class MemoryMap {
  /** RAM by address, without overlaps. */
  readonly ranges: readonly MemoryRange[];
  /** Node numbers that have memory, ascending. */
  readonly nodes: readonly number[];
  readonly #distances: readonly (readonly number[])[] | undefined;

  /**
   * @param input ranges, nodes, distances
   * @param pageSize bytes; a range loses the parts of pages at its edges, as PFN_UP and PFN_DOWN do
   * @param maxPhysmemBits the architecture's MAX_PHYSMEM_BITS: no range may reach beyond
   * @throws VmemmapError `BAD_MEMORY_MAP`
   */
  constructor(input: MemoryMapInput, pageSize: number, maxPhysmemBits: number) {
    this.ranges = merge(input.ranges.map((range) => checked(range, maxPhysmemBits)).map(wholePages(pageSize)));
    if (this.ranges.length === 0) {
      throw new VmemmapError('BAD_MEMORY_MAP', 'the memory map has no whole page of RAM; give at least one range');
    }
    this.nodes = [...new Set(this.ranges.map((range) => range.node))].sort((a, b) => a - b);
    const declared = input.nodes ?? input.distances?.length;
    if (declared !== undefined) this.#checkNodes(declared);
    this.#distances = checkedDistances(input.distances, this.nodes);
  }

  /** Bytes of RAM, of one node or of all. */
  bytes(node?: number): number {
    let sum = 0;
    for (const range of this.ranges) if (node === undefined || range.node === node) sum += range.end - range.start;
    return sum;
  }

  /** First byte after the highest RAM. */
  get end(): number {
    return this.ranges[this.ranges.length - 1]!.end;
  }

  /** The node of a physical address, or -1 where there is no RAM (early_pfn_to_nid without a match). */
  nodeOf(pa: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle]!.end <= pa) low = middle + 1;
      else high = middle;
    }
    const range = this.ranges[low];
    return range !== undefined && range.start <= pa ? range.node : -1;
  }

  /** node_distance(): 10 is local. Unknown nodes are remote. */
  distance(from: number, to: number): number {
    return this.#distances?.[from]?.[to] ?? (from === to ? LOCAL_DISTANCE : REMOTE_DISTANCE);
  }

  /** All nodes with memory, nearest to `node` first, equal distances by number: the order of its zonelist. */
  nearest(node: number): readonly number[] {
    return [...this.nodes].sort((a, b) => this.distance(node, a) - this.distance(node, b) || a - b);
  }

  #checkNodes(declared: number): void {
    if (!Number.isSafeInteger(declared) || declared < 1 || declared > MAX_NODES) {
      throw new VmemmapError('BAD_MEMORY_MAP', `the number of nodes must be 1 to ${MAX_NODES}, not ${declared}`);
    }
    for (let node = 0; node < declared; node++) {
      if (!this.nodes.includes(node)) {
        throw new VmemmapError('BAD_MEMORY_MAP', `node ${node} has no memory; give it a range or declare fewer nodes`);
      }
    }
    const beyond = this.nodes.find((node) => node >= declared);
    if (beyond !== undefined) {
      throw new VmemmapError('BAD_MEMORY_MAP', `a range names node ${beyond}, but only ${declared} nodes are declared`);
    }
  }
}

function checked(range: MemoryRange, maxPhysmemBits: number): MemoryRange {
  if (typeof range !== 'object' || range === null || typeof range.start !== 'number' || typeof range.end !== 'number') {
    throw new VmemmapError('BAD_MEMORY_MAP', 'a range must be { node, start, end } with numbers of bytes');
  }
  const { node, start, end } = range;
  const text = `range ${hex(start)}-${hex(end)} of node ${node}`;
  if (!Number.isSafeInteger(node) || node < 0 || node >= MAX_NODES) {
    throw new VmemmapError('BAD_MEMORY_MAP', `${text}: a node must be 0 to ${MAX_NODES - 1}`);
  }
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0) {
    throw new VmemmapError('BAD_MEMORY_MAP', `${text}: addresses must be whole numbers from 0 to 2^53`);
  }
  if (end <= start) throw new VmemmapError('BAD_MEMORY_MAP', `${text}: the end must lie above the start`);
  if (end > 2 ** maxPhysmemBits) {
    throw new VmemmapError(
      'BAD_MEMORY_MAP',
      `${text}: ends beyond the architecture's physical limit ${hex(2 ** maxPhysmemBits)} (MAX_PHYSMEM_BITS ${maxPhysmemBits})`,
    );
  }
  return { node, start, end };
}

function wholePages(pageSize: number): (range: MemoryRange) => MemoryRange {
  return ({ node, start, end }) => ({ node, start: alignUp(start, pageSize), end: alignDown(end, pageSize) });
}

function merge(ranges: MemoryRange[]): MemoryRange[] {
  const merged: MemoryRange[] = [];
  for (const range of ranges.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start)) {
    const last = merged[merged.length - 1];
    if (last !== undefined && range.start < last.end) {
      throw new VmemmapError(
        'BAD_MEMORY_MAP',
        `ranges overlap: ${hex(last.start)}-${hex(last.end)} of node ${last.node} and ${hex(range.start)}-${hex(range.end)} of node ${range.node}`,
      );
    }
    if (last !== undefined && last.end === range.start && last.node === range.node) {
      merged[merged.length - 1] = { ...last, end: range.end };
    } else merged.push(range);
  }
  return merged;
}

function checkedDistances(
  distances: readonly (readonly number[])[] | undefined,
  nodes: readonly number[],
): readonly (readonly number[])[] | undefined {
  if (distances === undefined) return undefined;
  if (!Array.isArray(distances) || !distances.every((row) => Array.isArray(row))) {
    throw new VmemmapError('BAD_MEMORY_MAP', 'distances must be a list of lists of numbers');
  }
  const size = distances.length;
  if (nodes.some((node) => node >= size) || distances.some((row) => row.length !== size)) {
    throw new VmemmapError('BAD_MEMORY_MAP', `distances must be a square of as many rows as there are nodes`);
  }
  for (const [from, row] of distances.entries()) {
    for (const [to, distance] of row.entries()) {
      const legal =
        Number.isSafeInteger(distance) &&
        distance <= 255 &&
        (from === to ? distance === LOCAL_DISTANCE : distance > LOCAL_DISTANCE);
      if (!legal) {
        throw new VmemmapError(
          'BAD_MEMORY_MAP',
          `distance ${distance} from node ${from} to ${to}: must be ${LOCAL_DISTANCE} to itself and 11 to 255 to others`,
        );
      }
    }
  }
  return distances.map((row) => [...row]);
}
