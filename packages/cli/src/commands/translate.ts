import { decodeEntry, hex, hex64, type Machine, VmemmapError, type Walk, type WalkStep } from '@vmemmap/core';
import { buildMachine } from '../build-machine.ts';
import { type Command, EXIT } from '../command.ts';
import { type MachineArguments, machineOptions } from '../machine-options.ts';
import { accessNames } from '../output/access.ts';
import { machineJson, machineTitle } from '../output/machine-text.ts';
import { tableText } from '../output/table.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';

interface Arguments extends MachineArguments {
  readonly addresses: readonly string[];
  readonly va?: boolean;
  readonly pfn?: boolean;
}

/** A translated address, with the page whose struct page it lies in. */
interface Translated extends Walk {
  readonly input: string;
  readonly va: bigint;
  readonly pfn: number | null;
  /** Byte of the struct page that the address is. */
  readonly byte: number | null;
}

/** No pfn is this large: physical addresses have 52 bits at most. */
const FIRST_VA = 1n << 52n;

/** `vmemmap translate`: walks the tables to struct pages. */
export const translate: Command<Arguments> = {
  usage: 'translate <addresses..>',
  about: 'walk to a struct page, level by level',
  examples: [
    ['translate 0x100000', 'the struct page of a pfn'],
    ['translate 0xffd4000000000040', 'an address of the vmemmap'],
    ['translate --ram 64G --config no-la57 0 1 0xfffff', 'several pages of another machine'],
    ['translate --va 0x1000', 'a small number that is an address all the same'],
  ],
  options: {
    ...machineOptions,
    va: { type: 'boolean', conflicts: 'pfn', describe: 'all values are virtual addresses' },
    pfn: { type: 'boolean', describe: 'all values are pfns (default: those below 2^52)' },
  },
  positionals: { addresses: 'pfns or virtual addresses, decimal or 0x' },

  run(args: Arguments, session: Session): number {
    const { addresses } = args;
    const values = addresses.map(parseAddress);
    const built = buildMachine(args, session);
    const { machine } = built;
    const found = values.map((value, n): Translated => {
      const input = addresses[n]!;
      const isVa = args.va === true || (args.pfn !== true && value >= FIRST_VA);
      if (!isVa) return { input, byte: 0, ...machine.translatePage(parsePfn(machine, value, input)) };
      return { input, va: value, ...pageOf(machine, value), ...machine.translate(value) };
    });
    if (session.json) {
      const translations = found.map((one) => translatedJson(one, machine));
      session.printJson({ machine: machineJson(built), translations });
    } else {
      session.print(session.colors.bold(machineTitle(built)));
      for (const one of found) session.print(`\n${translatedText(one, machine, session)}`);
    }
    return found.every(({ result }) => result.mapped) ? EXIT.ok : EXIT.differs;
  },
};

function parseAddress(text: string): bigint {
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text) && BigInt(text) < 1n << 64n) return BigInt(text);
  throw new VmemmapError(
    'BAD_ARGUMENT',
    `${JSON.stringify(text)} is no pfn and no address; write a number below 2^64, decimal or 0x`,
    '@vmemmap/cli',
  );
}

// Here and not in core, which is given a number and can no longer say what was typed.
function parsePfn({ model }: Machine, value: bigint, input: string): number {
  const bits = model.maxPhysmemBits - model.pageShift;
  if (value < 1n << BigInt(bits)) return Number(value);
  throw new VmemmapError(
    'BAD_ARGUMENT',
    `a pfn of this machine must be 0 to 2^${bits}-1, not ${input}`,
    '@vmemmap/cli',
  );
}

// The page whose struct page holds an address of the window, and where in it.
function pageOf({ window, model }: Machine, va: bigint): Pick<Translated, 'pfn' | 'byte'> {
  const offset = BigInt.asIntN(64, va - window.base);
  if (va < window.start || va >= window.end || offset < 0n) return { pfn: null, byte: null };
  const size = BigInt(model.structPageSize);
  return { pfn: Number(offset / size), byte: Number(offset % size) };
}

function headText({ pfn, va, byte }: Translated): string {
  if (pfn === null) return hex64(va);
  if (byte === 0) return `pfn ${hex(pfn)}: struct page at ${hex64(va)}`;
  return `${hex64(va)}: inside the struct page of pfn ${hex(pfn)}, byte ${byte}`;
}

function fieldsOf(machine: Machine, { kind, level, entry }: WalkStep): ReturnType<typeof decodeEntry> {
  if (kind !== 'table' && kind !== 'leaf') return [];
  return decodeEntry(machine.arch.entryLayouts, level, kind, entry);
}

function translatedText(one: Translated, machine: Machine, { colors }: Session): string {
  const { steps, result } = one;
  const lines = [headText(one)];
  if (steps.length > 0) {
    const rows = steps.map((step) => [
      step.level,
      hex(step.table),
      step.index,
      hex64(step.entry),
      step.kind,
      fieldsOf(machine, step)
        .map(({ name, value, flag }) => (flag ? name : `${name}=${hex(value)}`))
        .join(' '),
    ]);
    lines.push(tableText(['level', 'table', 'index', 'entry', 'kind', 'fields'], rows));
  }
  if (result.mapped) {
    const rights = accessNames(result.access).join(', ');
    lines.push(colors.green(`mapped to ${hex(result.pa)}, leaf of ${sizeText(result.span)}: ${rights}`));
  } else lines.push(colors.red(`not mapped: ${result.fault}`));
  return lines.join('\n');
}

function translatedJson(one: Translated, machine: Machine): object {
  const { input, pfn, va, byte, steps, result } = one;
  const { mapped } = result;
  return {
    input,
    pfn: pfn === null ? null : hex(pfn),
    va: hex64(va),
    byte,
    mapped,
    pa: mapped ? hex(result.pa) : null,
    leafSize: mapped ? result.span : null,
    access: mapped ? accessNames(result.access) : [],
    fault: mapped ? null : result.fault,
    steps: steps.map((step) => ({
      level: step.level,
      table: hex(step.table),
      index: step.index,
      entry: hex64(step.entry),
      kind: step.kind,
      fields: fieldsOf(machine, step),
    })),
  };
}
