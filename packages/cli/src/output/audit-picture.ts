import type { AuditReport, Stretch } from '@vmemmap/audit';
import { hex64 } from '@vmemmap/core';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';

const WIDTH = 72;
const ROWS = 8;
const MARKS: Readonly<Record<Stretch['kind'], string>> = { huge: '#', base: '+', shared: '-', missing: '!' };
const ABOUT: Readonly<Record<Stretch['kind'], string>> = {
  huge: 'huge pages',
  base: 'base pages',
  shared: 'shared tails',
  missing: 'struct pages that are not mapped',
};
/** Of what lies in one place, the first that is there is shown. */
const FIRST: readonly Stretch['kind'][] = ['missing', 'shared', 'base', 'huge'];

/** The vmemmap as lines of marks, one for so many bytes; holes are passed over. */
export function* auditPicture(
  { picture, kernel }: AuditReport,
  { colors }: Pick<Session, 'colors'>,
): Generator<string> {
  const total = picture.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0) {
    yield '  nothing is mapped';
    return;
  }
  const page = 2 ** kernel.context.model.pageShift;
  // As few bytes to a mark as rows allow, a power of two pages.
  let unit = page;
  while (total / unit > WIDTH * ROWS) unit *= 2;
  const paint = { huge: colors.green, base: colors.cyan, shared: colors.blue, missing: colors.red };
  let row: Stretch['kind'][] = [];
  let at = 0;
  let next = -1;
  const kinds = new Set<Stretch['kind']>();
  const line = (): string => {
    const text = row.map((kind) => paint[kind](MARKS[kind])).join('');
    return `  ${hex64(BigInt.asUintN(64, kernel.context.window.start + BigInt(at)))} ${text}`;
  };
  for (const cell of cells(picture, unit)) {
    if (row.length === WIDTH || (row.length > 0 && cell.at !== next)) {
      yield line();
      row = [];
    }
    if (row.length === 0) at = cell.at;
    row.push(cell.kind);
    kinds.add(cell.kind);
    next = cell.at + unit;
  }
  yield line();
  const legend = FIRST.filter((kind) => kinds.has(kind)).map((kind) => `${paint[kind](MARKS[kind])} ${ABOUT[kind]}`);
  yield `  ${legend.reverse().join(', ')}; each mark is ${sizeText(unit)} of struct pages`;
}

// One place after the other, each with what is most worth seeing in it.
function* cells(picture: readonly Stretch[], unit: number): Generator<{ at: number; kind: Stretch['kind'] }> {
  let at = Number.NaN;
  let kind: Stretch['kind'] = 'huge';
  for (const { offset, bytes, kind: here } of picture) {
    for (let cell = Math.floor(offset / unit) * unit; cell < offset + bytes; cell += unit) {
      if (cell === at) {
        if (FIRST.indexOf(here) < FIRST.indexOf(kind)) kind = here;
        continue;
      }
      if (!Number.isNaN(at)) yield { at, kind };
      at = cell;
      kind = here;
    }
  }
  if (!Number.isNaN(at)) yield { at, kind };
}
