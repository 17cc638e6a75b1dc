// Address spaces of a dump's machine: every process with page tables of its own.
import type { KernelFacts } from '@vmemmap/core';
import { refusal } from './refusal.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** A process, and where its root table is. */
export interface Process {
  /** Its number. */
  readonly pid: number;
  /** Its name. */
  readonly comm: string;
  /** Physical address of its root table (mm->pgd). */
  readonly root: number;
}

/**
 * Processes by address space, each once: the kernel's list of tasks (init_task.tasks), without threads of the kernel.
 * Undefined where the kernel does not say how its tasks are laid out.
 * @throws VmemmapError `BAD_FORMAT` for a list without end, `NOT_IN_DUMP`
 */
export function readProcesses(kernel: KernelFacts, memory: VirtualMemory): readonly Process[] | undefined {
  const init = kernel.symbol('init_task');
  const [tasks, mm, comm, pid, pgd] = [
    'task_struct.tasks',
    'task_struct.mm',
    'task_struct.comm',
    'task_struct.pid',
    'mm_struct.pgd',
  ].map((member) => kernel.offset(member));
  if (
    init === undefined ||
    tasks === undefined ||
    mm === undefined ||
    comm === undefined ||
    pid === undefined ||
    pgd === undefined
  )
    return undefined;
  const little = memory.byteOrder === 'little';
  const long = (va: bigint): bigint => {
    const bytes = memory.read(va, 8);
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, little);
  };
  const processes: Process[] = [];
  const spaces = new Set<bigint>();
  const seen = new Set<bigint>();
  for (
    let task = long(init + BigInt(tasks)) - BigInt(tasks);
    task !== init;
    task = long(task + BigInt(tasks)) - BigInt(tasks)
  ) {
    if (seen.has(task)) throw refusal('BAD_FORMAT', 'the list of tasks does not come back to init_task: it is damaged');
    seen.add(task);
    const space = long(task + BigInt(mm));
    if (space === 0n || spaces.has(space)) continue;
    spaces.add(space);
    const root = memory.translate(long(space + BigInt(pgd)));
    const bytes = memory.read(task + BigInt(pid), 4);
    const name = memory.read(task + BigInt(comm), 16);
    const end = name.indexOf(0);
    processes.push({
      pid: new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, little),
      comm: String.fromCharCode(...name.subarray(0, end < 0 ? 16 : end)),
      root: root ?? -1,
    });
  }
  return processes;
}
