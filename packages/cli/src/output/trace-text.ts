import { hex, hex64, type Machine, type TraceStep } from '@vmemmap/core';
import { sizeText } from '../size.ts';

/** A step of the trace in one line. */
export function traceText(step: TraceStep, machine: Machine): string {
  const va = (offset: number): string => hex64(machine.window.start + BigInt(offset));
  switch (step.step) {
    case 'section':
      return `section        pfn ${hex(step.pfn)}, ${step.pages} pages, node ${step.node}`;
    case 'table':
      return `table          ${step.level} for ${va(step.offset)} at ${hex(step.pa)}`;
    case 'leaves':
      return `leaves         ${step.count} x ${step.level} from ${va(step.offset)} to ${hex(step.pa)}${step.count > 1 ? `, step ${sizeText(step.paStep)}` : ''}`;
    case 'present':
      return `present        ${step.count} x ${step.level} from ${va(step.offset)}`;
    case 'out-of-memory':
      return `out of memory  ${sizeText(step.size)} for ${step.level} at ${va(step.offset)}`;
    case 'sync':
      return `sync           ${step.level} for ${va(step.offset)} to ${step.mm}`;
    case 'clear':
      return `clear          ${step.level} for ${va(step.offset)}, was ${hex(step.pa)}, ${sizeText(step.size)}`;
    case 'split':
      return `split          ${step.level} leaf for ${va(step.offset)}, of ${hex(step.pa)}`;
    case 'remap':
      return `remap          ${step.count} x ${step.level} from ${va(step.offset)} to ${hex(step.pa)}${step.readOnly ? ', read-only' : ''}`;
    case 'free-table':
      return `free table     ${step.level} for ${va(step.offset)} at ${hex(step.pa)}`;
    case 'flush-tlb':
      return `flush TLB      ${va(step.offset)} to ${va(step.end)}`;
  }
}

/** A step for JSON: addresses instead of offsets, in hex. */
export function traceJson(step: TraceStep, machine: Machine): object {
  const va = (offset: number): string => hex64(machine.window.start + BigInt(offset));
  const { offset, pa, end, ...rest }: TraceStep & { offset?: number; pa?: number; end?: number } = step;
  return {
    ...rest,
    ...(offset !== undefined && { va: va(offset) }),
    ...(pa !== undefined && { pa: hex(pa) }),
    ...(end !== undefined && { end: va(end) }),
  };
}
