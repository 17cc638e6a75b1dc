/**
 * One step of what populate or free did. Offsets are into the vmemmap window, in bytes.
 * A step stands for a whole run of entries in one table, never for a single entry of many: `count` entries from `offset`
 * on, at `pa` and each next one `paStep` further, in a table of that `level`; `readOnly` where they may not be written.
 * A `section` is `pages` base pages from `pfn` on, on a `node`; `size` is in bytes; `end` is the first offset that is not
 * flushed; `mm` names the address space that learns of an entry.
 */
export type TraceStep =
  | { readonly step: 'section'; readonly pfn: number; readonly pages: number; readonly node: number }
  | { readonly step: 'table'; readonly level: string; readonly offset: number; readonly pa: number }
  | {
      readonly step: 'leaves';
      readonly level: string;
      readonly offset: number;
      readonly count: number;
      readonly pa: number;
      readonly paStep: number;
    }
  | { readonly step: 'present'; readonly level: string; readonly offset: number; readonly count: number }
  | { readonly step: 'out-of-memory'; readonly level: string; readonly offset: number; readonly size: number }
  | { readonly step: 'sync'; readonly level: string; readonly offset: number; readonly mm: string }
  | {
      readonly step: 'clear';
      readonly level: string;
      readonly offset: number;
      readonly pa: number;
      readonly size: number;
    }
  | { readonly step: 'split'; readonly level: string; readonly offset: number; readonly pa: number }
  | {
      readonly step: 'remap';
      readonly level: string;
      readonly offset: number;
      readonly count: number;
      readonly pa: number;
      readonly paStep: number;
      readonly readOnly: boolean;
    }
  | { readonly step: 'free-table'; readonly level: string; readonly offset: number; readonly pa: number }
  | { readonly step: 'flush-tlb'; readonly offset: number; readonly end: number };

/** Receives each {@link TraceStep} as it happens. When a machine has none, tracing costs nothing. */
export type Trace = (step: TraceStep) => void;
