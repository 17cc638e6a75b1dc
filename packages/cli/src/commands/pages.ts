import { type DumpKernel, type PageFlags, pageFlagsLayout, readPageFlags, StructPages } from '@vmemmap/audit';
import { hex, hex64, VmemmapError } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { type DumpArguments, dumpOptions, withDump } from '../dump-options.ts';
import { tableText } from '../output/table.ts';
import type { Session } from '../session.ts';
import { parseWholeNumber } from '../whole-number.ts';

interface Arguments extends DumpArguments {
  readonly dump?: readonly string[];
  readonly pfns?: readonly string[];
}

/** One struct page, decoded. */
interface Decoded extends Partial<PageFlags> {
  readonly pfn: number;
  readonly va: bigint;
  readonly mapped: boolean;
  readonly raw?: bigint;
  readonly kind?: 'head' | 'tail' | 'single' | 'poisoned';
  readonly head?: number;
  readonly order?: number | undefined;
  readonly refcount?: number | undefined;
}

/** Page frames in one range: what fits a terminal's memory. */
const MOST = 2 ** 20;

/** `vmemmap pages`: struct pages of a dump, decoded. */
export const pages: Command<Arguments> = {
  usage: 'pages [pfns..]',
  about: 'struct pages of a dump by page frame: flags, node, zone, head or tail, references',
  examples: [
    ['pages --dump vmcore 0x100000', 'one struct page'],
    ['pages --dump vmcore 0x5400-0x5410 0x8000', 'from one to before another, and one more'],
  ],
  options: {
    ...dumpOptions,
    dump: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'ELF core, kdump file or /proc/kcore; once for each part of a split one (required)',
    },
  },
  positionals: { pfns: 'page frames, decimal or 0x, or ranges of them: from-to, without the last' },

  run(args: Arguments, session: Session): Promise<number> {
    const wanted = (args.pfns ?? []).flatMap(frames);
    if (wanted.length === 0)
      throw new VmemmapError('BAD_ARGUMENT', 'no page frame is given; give numbers or ranges of them', '@vmemmap/cli');
    return withDump(args.dump ?? [], args, session, (kernel) => {
      const decoded = decode(kernel, wanted);
      if (session.json) session.printJson(decoded.map((page) => ({ ...page, va: hex64(page.va) })));
      else session.print(text(decoded));
      return decoded.every(({ mapped }) => mapped) ? EXIT.ok : EXIT.differs;
    });
  },
};

function frames(text: string): number[] {
  const [from = '', to] = text.split('-');
  const first = parseWholeNumber(from, 'a page frame', 0);
  if (to === undefined) return [first];
  const end = parseWholeNumber(to, `the end of ${text}`, first + 1, first + MOST);
  return Array.from({ length: end - first }, (_, n) => first + n);
}

function decode(kernel: DumpKernel, wanted: readonly number[]): Decoded[] {
  const structs = new StructPages(kernel);
  const layout = pageFlagsLayout(kernel);
  const { window, model } = kernel.context;
  return wanted.map((pfn): Decoded => {
    const va = BigInt.asUintN(64, window.base + BigInt(pfn * model.structPageSize));
    const page = structs.read(pfn);
    if (page === undefined) return { pfn, va, mapped: false };
    const head = structs.headOf(pfn);
    const kind = page.poisoned ? 'poisoned' : page.head ? 'head' : page.tail ? 'tail' : 'single';
    return {
      pfn,
      va,
      mapped: true,
      raw: page.flags,
      kind,
      // The low byte of a compound's second page is its order (include/linux/mm.h:folio_large_order).
      ...readPageFlags(kind === 'tail' && pfn === head + 1 ? page.flags & ~0xffn : page.flags, layout),
      ...(kind === 'tail' ? { head } : {}),
      ...(kind === 'head' ? { order: structs.order(pfn) } : {}),
      refcount: page.refcount,
    };
  });
}

function text(decoded: readonly Decoded[]): string {
  const rows = decoded.map(({ pfn, va, mapped, kind, head, order, node, zone, refcount, flags, raw }) => [
    hex(pfn),
    hex64(va),
    mapped
      ? `${kind}${head === undefined ? '' : ` of ${hex(head)}`}${order === undefined ? '' : `, order ${order}`}`
      : 'not mapped',
    node ?? '',
    zone ?? '',
    refcount ?? '',
    flags?.join(' ') ?? '',
    raw === undefined ? '' : hex64(raw),
  ]);
  return tableText(['pfn', 'struct page', 'what', 'node', 'zone', 'refs', 'flags', 'page->flags'], rows);
}
