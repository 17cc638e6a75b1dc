import { hex64, toU64 } from '../bits.ts';
import { entryText } from '../contract/entry-text.ts';
import type { Machine } from '../machine/machine.ts';
import type { Differences } from './difference.ts';
import type { CaptureExpected } from './format.ts';

/** Compares the top-level entries over the window in every process with those of init_mm. */
export function compareProcesses(machine: Machine, expected: CaptureExpected, differences: Differences): void {
  const { processes, tables } = expected;
  if (processes === undefined || processes === null) return;
  const level = machine.levels[0]!.name;
  const { root } = machine.ops.initMm;
  const entry = (table: number, index: number): bigint => {
    const lanes = machine.entryLanes(table, index);
    return toU64(lanes[0]!, lanes[1]!);
  };
  const captured = new Map(processes.initNonZero.map(({ index, raw }) => [index, raw]));
  const listed = new Map(
    tables[0]?.entries.flatMap(({ index, count, firstRaw, step }) =>
      Array.from({ length: count }, (_, n) => [index + n, firstRaw + BigInt(n) * (step ?? 0n)] as const),
    ),
  );
  for (const index of processes.topLevelIndexes) {
    const raw = captured.get(index);
    const ours = entry(root, index);
    if ((raw === undefined) !== (ours === 0n)) {
      differences.add(
        'process',
        `init_mm: ${level} entry ${index}`,
        describe(machine, level, raw ?? 0n),
        describe(machine, level, ours),
      );
    }
    // Said twice in the capture: here and in the root table.
    if ((raw ?? 0n) !== (listed.get(index) ?? 0n)) {
      differences.add(
        'process',
        `init_mm: ${level} entry ${index}`,
        describe(machine, level, listed.get(index) ?? 0n),
        `${describe(machine, level, raw ?? 0n)} among the capture's processes`,
      );
    }
  }
  for (const { pid, comm, differing } of processes.mms) {
    const mm =
      machine.addressSpaces.find(({ name }) => name === processName(pid, comm)) ??
      machine.createAddressSpace(processName(pid, comm));
    const ours = processes.topLevelIndexes.filter((index) => entry(mm.root, index) !== entry(root, index));
    differences.compare(
      'process',
      `${mm.name}: ${level} entries that differ from init_mm's`,
      differing.join(' ') || 'none',
      ours.join(' ') || 'none',
    );
  }
}

/** What a captured process is called on the machine. */
function processName(pid: number, comm: string): string {
  return `${comm}/${pid}`;
}

function describe(machine: Machine, level: string, raw: bigint): string {
  return raw === 0n ? 'empty' : entryText(machine.arch.entryLayouts, level, 'table', BigInt(hex64(raw)));
}
