import { hex, hex64 } from '../bits.ts';
import { pageSize } from '../contract/model.ts';
import type { Machine } from '../machine/machine.ts';
import { type Differences, MOST_MORE } from './difference.ts';
import type { CaptureExpected } from './format.ts';

/** One entry of the capture's list. */
interface Entry {
  readonly virt: bigint;
  readonly phys: number;
  readonly node: bigint;
}

/**
 * Compares powerpc's vmemmap_list, head first: which stretches it has, in which order; that each names the memory its
 * leaf has; and how its nodes lie in pages. Where a page of nodes lies is the allocator's choice and no difference.
 */
export function compareVmemmapList(machine: Machine, expected: CaptureExpected, differences: Differences): void {
  const list = expected.vmemmapList;
  const ours = [...machine.vmemmapList()];
  if (list === undefined || list === null) {
    if (ours.length > 0) differences.add('list', 'vmemmap_list', 'none', `${ours.length} entries`);
    return;
  }
  const theirs = [...entries(list, ours.length + MOST_MORE)];
  differences.compare('list', 'entries of vmemmap_list', theirs.length, ours.length);
  const page = BigInt(pageSize(machine.model));
  const leaves = leafAddresses(expected);
  // Nodes share a page in the model exactly where they do in the capture.
  const pages = new Map<bigint, bigint>();
  for (const [n, their] of theirs.entries()) {
    const our = ours[n];
    if (our === undefined) return;
    const where = `vmemmap_list entry ${n}`;
    differences.compare('list', `${where}: virt`, hex64(their.virt), hex64(machine.window.start + BigInt(our.virt)));
    const leaf = leaves.get(their.virt);
    if (leaf !== their.phys)
      differences.add(
        'list',
        `${where}: phys`,
        leaf === undefined ? 'no leaf' : `${hex(leaf)}, as the leaf has`,
        hex(their.phys),
      );
    const at = BigInt(our.node) % page;
    differences.compare('list', `${where}: its node's place in a page`, hex64(their.node % page), hex64(at));
    const theirPage = their.node / page;
    const ourPage = BigInt(our.node) / page;
    const known = pages.get(theirPage);
    pages.set(theirPage, ourPage);
    if (known !== undefined && known !== ourPage)
      differences.add('list', `${where}: its node's page`, 'the page of an earlier node', 'another page');
  }
  differences.compare('list', 'pages of vmemmap_list nodes', pages.size, new Set(pages.values()).size);
}

function* entries(list: NonNullable<CaptureExpected['vmemmapList']>, most: number): Generator<Entry> {
  let listed = 0;
  for (const { virt, phys, node, count = 1, virtStep = 0n, physStep = 0n, nodeStep = 0n } of list) {
    for (let n = 0; n < count; n++) {
      if (++listed > most) return;
      const step = BigInt(n);
      yield {
        virt: BigInt.asUintN(64, virt + step * virtStep),
        phys: phys + n * Number(physStep),
        node: BigInt.asUintN(64, node + step * nodeStep),
      };
    }
  }
}

function leafAddresses({ leaves }: CaptureExpected): Map<bigint, number> {
  const found = new Map<bigint, number>();
  let listed = 0;
  for (const { va, pa, leafSize, count, paStep } of leaves) {
    for (let n = 0; n < count && ++listed < 2 ** 24; n++)
      found.set(BigInt.asUintN(64, va + BigInt(n) * BigInt(leafSize)), pa + n * Number(paStep ?? 0n));
  }
  return found;
}
