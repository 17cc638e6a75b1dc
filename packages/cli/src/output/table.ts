import Table from 'cli-table3';

const LINES = ['top', 'bottom', 'left', 'right', 'mid'] as const;
const CORNERS = LINES.flatMap((line) => ['mid', 'left', 'right'].map((at) => `${line}-${at}`));
const NO_LINES = { ...Object.fromEntries([...LINES, ...CORNERS].map((name) => [name, ''])), middle: '  ' };

/** Lays text out in columns, numbers to the right. */
export function tableText(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const numeric = head.map((_, column) => rows.every((row) => /^[\d.]/.test(String(row[column]))));
  const table = new Table({
    head: [...head],
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
    chars: NO_LINES,
    // Its own colours would ignore NO_COLOR.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  // Cells are filled up to their column's width.
  return table.toString().replaceAll(/ +$/gm, '');
}
