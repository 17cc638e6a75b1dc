import type { DumpKernel } from '@vmemmap/audit';
import {
  ACCESS,
  decodeEntry,
  hex,
  hex64,
  type Machine,
  pagesPerSection,
  translation,
  VmemmapError,
  type Walk,
  type WalkStep,
} from '@vmemmap/core';
import { buildMachine } from '../build-machine.ts';
import { type Command, EXIT } from '../command.ts';
import { DUMP_POSITIONAL, type DumpArguments, dumpOptions, withDump } from '../dump-options.ts';
import { type MachineArguments, machineOptions } from '../machine-options.ts';
import { accessNames } from '../output/access.ts';
import { machineJson, machineTitle } from '../output/machine-text.ts';
import { tableText } from '../output/table.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';

interface Arguments extends MachineArguments, DumpArguments {
  readonly dump?: readonly string[];
  readonly 'all-sections'?: boolean;
  readonly addresses?: readonly string[];
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

const DUMP_GROUP = 'Instead of a machine, the tables of a dump:';

/** No pfn is this large: physical addresses have 52 bits at most. */
const FIRST_VA = 1n << 52n;

/** `vmemmap translate`: walks the tables to struct pages. */
export const translate: Command<Arguments> = {
  usage: 'translate [addresses..]',
  about: 'walk to a struct page, level by level',
  examples: [
    ['translate 0x100000', 'the struct page of a pfn'],
    ['translate 0xffd4000000000040', 'an address of the vmemmap'],
    ['translate --ram 64G --config no-la57 0 1 0xfffff', 'several pages of another machine'],
    ['translate --dump vmcore 0x100000', 'the same through the page tables of a real kernel'],
    ['translate --va 0x1000', 'a small number that is an address all the same'],
  ],
  options: {
    ...machineOptions,
    dump: {
      type: 'string',
      array: true,
      requiresArg: true,
      nargs: 1,
      group: DUMP_GROUP,
      describe: `${DUMP_POSITIONAL}; repeatable`,
    },
    root: { ...dumpOptions.root, group: DUMP_GROUP },
    vmcoreinfo: { ...dumpOptions.vmcoreinfo, group: DUMP_GROUP },
    raw: { ...dumpOptions.raw, group: DUMP_GROUP },
    'all-sections': {
      type: 'boolean',
      group: DUMP_GROUP,
      describe: 'with --dump: first and last struct page of each section',
    },
    va: { type: 'boolean', conflicts: 'pfn', describe: 'all values are virtual addresses' },
    pfn: { type: 'boolean', describe: 'all values are pfns (default: those below 2^52)' },
  },
  positionals: { addresses: 'pfns or virtual addresses, decimal or 0x' },

  run(args: Arguments, session: Session): number | Promise<number> {
    const { dump } = args;
    if (dump !== undefined) {
      refuseWith('--dump', args, ['iomem', 'node', 'machine', 'capture', 'ram', 'nodes']);
      return withDump(dump, args, session, (kernel) => translateAll(ofDump(kernel), args, session));
    }
    if (
      args.root !== undefined ||
      args.vmcoreinfo !== undefined ||
      args.raw !== undefined ||
      args['all-sections'] === true
    )
      throw new VmemmapError(
        'BAD_ARGUMENT',
        '--root, --vmcoreinfo, --raw and --all-sections go with --dump',
        '@vmemmap/cli',
      );
    const built = buildMachine(args, session);
    const { machine } = built;
    const { window, model, arch } = machine;
    return translateAll(
      {
        window,
        model,
        arch,
        json: { machine: machineJson(built) },
        title: machineTitle(built),
        translate: (va) => machine.translate(va),
        edges: [],
      },
      args,
      session,
    );
  },
};

/** Whose tables are walked: a machine's that was built, or a dump's. */
interface Tables extends Pick<Machine, 'window' | 'model' | 'arch'> {
  readonly title: string;
  readonly json: object;
  translate(va: bigint): Walk;
  /** First and last page frame of each section. */
  readonly edges: readonly number[];
}

function ofDump(kernel: DumpKernel): Tables {
  const { context, plugin, release, facts, sections, arch } = kernel;
  const { window, model, ops } = context;
  const pages = pagesPerSection(model);
  return {
    window,
    model,
    arch,
    title: `${plugin.arch}, Linux ${facts.osrelease} (modelled as ${release.name}), from a dump`,
    json: {
      kernel: { arch: plugin.arch, osrelease: facts.osrelease, release: release.name, config: arch.config },
    },
    translate: ops.pageTable === undefined ? byList(kernel) : (va) => ops.walker.translate(ops.initMm.root, va),
    edges: sections.flatMap(({ nr }) => [nr * pages, (nr + 1) * pages - 1]),
  };
}

// Where the hash table is not in memory of its own, vmemmap_list says what is mapped: no levels, only where it ends.
function byList({ list }: DumpKernel): (va: bigint) => Walk {
  return (va) => {
    const result = translation();
    const at = list.find(({ va: first, bytes }) => va >= first && va < first + bytes);
    result.mapped = at !== undefined;
    if (at === undefined) result.fault = 'vmemmap_list has nothing there';
    else {
      result.inside = Number(va - at.va);
      result.pa = at.pa + result.inside;
      result.span = Number(at.bytes);
      result.access = ACCESS.read | ACCESS.write;
    }
    return { steps: [], result };
  };
}

function refuseWith(option: string, args: Arguments, names: readonly (keyof MachineArguments)[]): void {
  const other = names.find((name) => args[name] !== undefined);
  if (other !== undefined)
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `${option} and --${other} both say what is walked; choose one`,
      '@vmemmap/cli',
    );
}

function translateAll(tables: Tables, args: Arguments, session: Session): number {
  const { addresses = [] } = args;
  const values = addresses.map(parseAddress);
  const ofPage = (pfn: number): Pick<Translated, 'pfn' | 'va'> & Walk => {
    const va = BigInt.asUintN(64, tables.window.base + BigInt(pfn) * BigInt(tables.model.structPageSize));
    return { pfn, va, ...tables.translate(va) };
  };
  const found = values.map((value, n): Translated => {
    const input = addresses[n]!;
    const isVa = args.va === true || (args.pfn !== true && value >= FIRST_VA);
    if (!isVa) return { input, byte: 0, ...ofPage(parsePfn(tables, value, input)) };
    return { input, va: value, ...pageOf(tables, value), ...tables.translate(value) };
  });
  if (args['all-sections'] === true)
    for (const pfn of tables.edges) found.push({ input: hex(pfn), byte: 0, ...ofPage(pfn) });
  if (found.length === 0)
    throw new VmemmapError('BAD_ARGUMENT', 'nothing to translate; give pfns or virtual addresses', '@vmemmap/cli');
  if (session.json) {
    const translations = found.map((one) => translatedJson(one, tables));
    session.printJson({ ...tables.json, translations });
  } else {
    session.print(session.colors.bold(tables.title));
    for (const one of found) session.print(`\n${translatedText(one, tables, session)}`);
  }
  return found.every(({ result }) => result.mapped) ? EXIT.ok : EXIT.differs;
}

function parseAddress(text: string): bigint {
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text) && BigInt(text) < 1n << 64n) return BigInt(text);
  throw new VmemmapError(
    'BAD_ARGUMENT',
    `${JSON.stringify(text)} is no pfn and no address; write a number below 2^64, decimal or 0x`,
    '@vmemmap/cli',
  );
}

// Here and not in core, which is given a number and can no longer say what was typed.
function parsePfn({ model }: Tables, value: bigint, input: string): number {
  const bits = model.maxPhysmemBits - model.pageShift;
  if (value < 1n << BigInt(bits)) return Number(value);
  throw new VmemmapError(
    'BAD_ARGUMENT',
    `a pfn of this machine must be 0 to 2^${bits}-1, not ${input}`,
    '@vmemmap/cli',
  );
}

// The page whose struct page holds an address of the window, and where in it.
function pageOf({ window, model }: Tables, va: bigint): Pick<Translated, 'pfn' | 'byte'> {
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

function fieldsOf(machine: Tables, { kind, level, entry }: WalkStep): ReturnType<typeof decodeEntry> {
  if (kind !== 'table' && kind !== 'leaf') return [];
  return decodeEntry(machine.arch.entryLayouts, level, kind, entry);
}

function translatedText(one: Translated, machine: Tables, { colors }: Session): string {
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

function translatedJson(one: Translated, machine: Tables): object {
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
