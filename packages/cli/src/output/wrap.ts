/** What fits a mail and a terminal. */
const COLUMNS = 100;

/**
 * Breaks a text into lines between words; a word that is too long stays whole.
 * @param first what the first line begins with; the others are indented by two columns more
 */
export function wrapped(first: string, text: string, columns: number = COLUMNS): readonly string[] {
  const rest = ' '.repeat(first.length + 2);
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    const longer = empty ? line + word : `${line} ${word}`;
    if (!empty && longer.length > columns) {
      lines.push(line);
      line = rest + word;
    } else line = longer;
    empty = false;
  }
  return [...lines, line];
}
