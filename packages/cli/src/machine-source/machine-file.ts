import { scenarioConfig, VmemmapError } from '@vmemmap/core';
import { type Capture, captureSchema, checkJson, parseJson } from '@vmemmap/core/capture';
import { z } from 'zod';
import { readText } from '../read-text.ts';
import { readSize } from '../size.ts';
import type { MachineSource } from './source.ts';

const SIZE = /^(0[xX][0-9a-fA-F]{1,14}|[0-9]{1,16}([KMGTPkmgtp]([iI]?[bB])?)?)$/;

const ADDRESS = 'a number, a hex string or a size such as 4GiB';

const address = z
  .union([z.int().nonnegative(), z.string().regex(SIZE)], {
    error: ({ input }) => (input === undefined ? `is missing; give ${ADDRESS}` : `must be ${ADDRESS}`),
  })
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : readSize(value);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: 'custom', message: 'must lie below 8 PiB' });
    return z.NEVER;
  });

const bounds = { start: address.describe('first byte'), end: address.describe('first byte after it') };

const reserved = z.strictObject(bounds).refine(({ start, end }) => start < end, 'the end must lie above the start');

/** Checks and reads a machine, format `vmemmap-machine/1`. */
const machineSchema = z
  .strictObject({
    $schema: z.string().optional().describe('where this schema is, for editors'),
    format: z.literal('vmemmap-machine/1'),
    name: z.string().optional().describe('what to call the machine'),
    arch: z.string().optional().describe('name of the architecture plugin; default x86'),
    release: z.string().optional().describe('kernel release'),
    config: z
      .record(z.string(), z.union([z.boolean(), z.number(), z.string()]))
      .optional()
      .describe('keys of the plugin'),
    memory: z
      .array(z.strictObject({ node: z.int().nonnegative().default(0), ...bounds }))
      .min(1)
      .describe('RAM at boot, in any order'),
    nodes: z.int().positive().optional().describe('how many nodes there are, 0 to n-1; each must have memory'),
    distances: z.array(z.array(z.int())).optional().describe('distances[from][to] as in the ACPI SLIT; 10 is local'),
    reserved: z.array(reserved).optional().describe('ranges taken before the memmap code runs'),
  })
  .describe('A machine for the vmemmap command: RAM, nodes, architecture and kernel release.');

/** The same as JSON Schema, for editors and other tools. */
export function machineJsonSchema(): object {
  return { title: 'vmemmap-machine/1', ...z.toJSONSchema(machineSchema, { io: 'input' }) };
}

/** A machine file, or a capture, of which only the machine is used. */
export function machineFileSource(path: string): MachineSource {
  const value = parseJson(readText(path), path);
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (format === 'vmemmap-capture/1') return captureMachine(checkJson(captureSchema, value, path, 'a capture'));
  if (format !== 'vmemmap-machine/1') {
    throw new VmemmapError(
      'BAD_FORMAT',
      `${path}: the format is ${JSON.stringify(format) ?? 'not given'}; it must be "vmemmap-machine/1" or "vmemmap-capture/1"`,
      '@vmemmap/cli',
    );
  }
  const machine = checkMachine(value, path);
  const { memory, nodes, distances } = machine;
  return {
    title: machine.name ?? path,
    arch: machine.arch,
    release: machine.release,
    config: () => machine.config ?? {},
    memory: () => ({
      ranges: memory,
      ...(nodes !== undefined && { nodes }),
      ...(distances !== undefined && { distances }),
    }),
    reserved: machine.reserved?.map(({ start, end }) => [start, end]),
  };
}

// Says which key is wrong. An unknown key comes before what is missing: most often it is that, misspelt.
function checkMachine(value: unknown, source: string): z.output<typeof machineSchema> {
  const result = machineSchema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  const place = issue.path.map(String).join('.');
  const message =
    issue.code === 'unrecognized_keys'
      ? `${place === '' ? '' : `${place}: `}unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`
      : `${place === '' ? 'the whole' : place}${/^(is|must) /.test(issue.message) ? ' ' : ': '}${issue.message}`;
  throw new VmemmapError('BAD_FORMAT', `${source} is not a machine: ${message}`, '@vmemmap/cli');
}

/** The machine of a capture file. */
export function captureFileSource(path: string): MachineSource {
  return captureMachine(checkJson(captureSchema, parseJson(readText(path), path), path, 'a capture'));
}

function captureMachine(capture: Capture): MachineSource {
  const { arch, release, memory } = capture.machine;
  return {
    title: capture.name,
    arch,
    release,
    config: (plugin) => scenarioConfig(capture.machine, plugin),
    memory: () => ({ ranges: memory }),
  };
}
