import { z } from 'zod';
import { stepSchema } from '../scenario/schema.ts';
import type { Capture } from './format.ts';

/** A 64-bit value in hex. */
const u64 = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,16}$/, 'must be 0x and up to 16 hex digits')
  .transform((text) => BigInt(text));

/** A physical address, pfn or size in hex; fits a double. */
const number = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,13}$/, 'must be 0x and up to 13 hex digits')
  .transform((text) => Number(text));

/** A step between values, in hex with a sign. */
const signed = z
  .string()
  .regex(/^-?0x[0-9a-fA-F]{1,16}$/, 'must be 0x and hex digits, with a minus before it if negative')
  .transform((text) => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)));

const count = z.int().nonnegative();

/** An index into a table: no architecture has more than 2^16 entries. */
const index = z.int().nonnegative().max(0xffff);

/** Text that a terminal can show on one line. */
const line = z.string().regex(/^[^\p{Cc}]*$/u, 'must have no control characters');

const range = z.object({ node: z.int(), start: number, end: number });

const machine = z.object({
  arch: z.string(),
  release: z.string(),
  pageSize: count,
  structPageSize: count,
  config: z.record(z.string(), z.unknown()),
  memory: z.array(range).min(1),
  cmdline: z.string().optional(),
});

const section = z.object({
  nr: count,
  count: count,
  startPfn: number,
  raw: u64,
  flags: z.array(z.string()),
  // Not read on sparc.
  subsectionMap: z
    .string()
    .regex(/^0x[0-9a-fA-F]+$/)
    .transform((text) => BigInt(text))
    .nullish(),
});

const tableEntries = z.object({
  index,
  count: index,
  firstRaw: u64,
  step: signed.optional(),
  kind: z.enum(['table', 'invalid']),
});

const table = z.object({
  level: z.string(),
  pa: number,
  va: u64,
  windowFirstIndex: index,
  windowLastIndex: index,
  entries: z.array(tableEntries),
});

const leaves = z.object({
  va: u64,
  pa: number,
  leafSize: number,
  level: z.string().nullish(),
  count: count,
  paStep: signed.optional(),
  rawFlags: u64.nullish(),
  firstRaw: u64.nullish(),
});

const processes = z.object({
  topLevelIndexes: z.array(index),
  initNonZero: z.array(z.object({ index, raw: u64 })),
  mms: z.array(z.object({ pid: z.int(), comm: line, differing: z.array(z.int()) })),
  allEqual: z.boolean().optional(),
});

const vmemmapList = z.object({
  virt: u64,
  phys: number,
  node: u64,
  count: count.optional(),
  virtStep: signed.optional(),
  physStep: signed.optional(),
  nodeStep: signed.optional(),
});

const outside = z.object({
  table: z.string(),
  tableVa: u64,
  index: count,
  what: z.enum(['flags', 'subtree']),
  reason: z.string(),
});

const summary = z.object({
  tables: z.record(z.string(), count),
  distinctLeafPas: count,
  leafCount: count,
  mappedBytes: count,
});

const expected = z.looseObject({
  vmemmapBase: u64,
  vmemmapWindow: z.object({ start: u64, end: u64 }),
  levels: z.array(z.object({ name: z.string(), shift: count, indexBits: count })),
  sectionSizeBits: count,
  sections: z.array(section),
  // Not read on sparc.
  counters: z.object({ nr_memmap_pages: z.int(), nr_memmap_boot_pages: z.int() }).nullish(),
  tables: z.array(table),
  leaves: z.array(leaves),
  processes: processes.nullish(),
  vmemmapList: z.array(vmemmapList).nullish(),
  outside: z.array(outside),
  stepResults: z.array(z.object({ step: count, error: line })).nullish(),
  summary: summary.optional(),
});

/** Checks and reads {@link Capture}. Keys it does not know are left out. */
export const captureSchema: z.ZodType<Capture> = z.object({
  format: z.literal('vmemmap-capture/1'),
  name: line,
  title: line.optional(),
  machine,
  steps: z.array(stepSchema),
  expected,
});
