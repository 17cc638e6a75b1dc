import { z } from 'zod';
import type { Scenario, ScenarioStep } from './format.ts';

/** A physical address, pfn or size: hex text, or a number. Fits a double. */
const bytes = z.union(
  [
    z.int().nonnegative(),
    z
      .string()
      .regex(/^0x[0-9a-fA-F]{1,13}$/)
      .transform((text) => Number(text)),
  ],
  { error: 'must be a number, or 0x and up to 13 hex digits' },
);
const count = z.int().nonnegative();

/** Text that a terminal can show on one line. */
const line = z.string().regex(/^[^\p{Cc}]*$/u, 'must have no control characters');
const node = count.max(1023);
const span = { start: bytes, end: bytes };
const altmap = z.strictObject({ basePfn: bytes, reserve: count, free: count });
const pages = z.array(z.strictObject({ start: bytes, count: count.max(2 ** 24) }));
const fail = z
  .array(
    z.strictObject({
      source: z.enum(['memblock', 'page-allocator', 'altmap', 'slab']).exactOptional(),
      node: z.int().exactOptional(),
      order: count.exactOptional(),
      nth: z.int().positive().exactOptional(),
      times: z.int().positive().exactOptional(),
    }),
  )
  .optional();
/** What every step may have. `source` says where a capture has it from. */
const common = { fail, source: z.string().optional() };
const added = { ...common, node, ...span, blockSize: bytes.optional(), memmapOnMemory: z.boolean().optional() };

/** One step. Keys that a step does not know are refused: a mistyped one must not go unheard. */
export const stepSchema: z.ZodType<ScenarioStep> = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('hotplug-add'), ...added }),
  z.strictObject({ op: z.literal('kmem-online'), id: line.optional(), ...added }),
  z.strictObject({ op: z.literal('hotplug-remove'), ...common, ...span }),
  z
    .strictObject({
      op: z.literal('memremap'),
      ...common,
      id: line,
      node,
      start: bytes.optional(),
      end: bytes.optional(),
      ranges: z.array(z.strictObject(span)).optional(),
      vmemmapShift: count.max(30).default(0),
      altmap: altmap.nullish(),
    })
    .refine(({ start, end, ranges }) => (ranges === undefined) === (start !== undefined && end !== undefined), {
      message: 'must have start and end, or ranges',
    })
    .transform(({ start, end, ranges, altmap: device, ...step }) => ({
      ...step,
      ranges: ranges ?? [{ start: start!, end: end! }],
      altmap: device ?? undefined,
    })),
  z.strictObject({ op: z.literal('memunmap'), ...common, id: line }),
  z.strictObject({
    op: z.literal('hugetlb-optimize'),
    ...common,
    size: bytes,
    node: node.optional(),
    pages,
    boot: z.boolean().default(false),
    preinit: z.boolean().optional(),
    inert: z.boolean().optional(),
    count: count.optional(),
  }),
  z.strictObject({
    op: z.literal('hugetlb-restore'),
    ...common,
    size: bytes,
    node: node.optional(),
    pages,
  }),
  z
    .strictObject({ op: z.literal('add-pages'), ...common, node, ...span, altmap: altmap.nullish() })
    .transform(({ altmap: device, ...step }) => ({ ...step, altmap: device ?? undefined })),
  z.strictObject({ op: z.literal('remove-pages'), ...common, ...span }),
  z.strictObject({ op: z.literal('process'), ...common, name: line }),
]);

/** A scenario as it stands in a file. Addresses may be numbers or hex text. */
export const scenarioSchema: z.ZodType<Scenario> = z.strictObject({
  $schema: z.string().optional(),
  format: z.literal('vmemmap-scenario/1'),
  name: line,
  title: line.optional(),
  machine: z.strictObject({
    arch: z.string(),
    release: z.string().optional(),
    pageSize: count.optional(),
    structPageSize: count.optional(),
    config: z.record(z.string(), z.unknown()).default({}),
    memory: z.array(z.strictObject({ node: node.default(0), ...span })).min(1),
    distances: z.array(z.array(count)).optional(),
  }),
  steps: z.array(stepSchema).default([]),
});
