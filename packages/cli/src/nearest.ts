/** The name that a word was most likely meant to be: one that begins with it, or that few slips of a key lead to. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const begun = names.filter((name) => word.length > 1 && name.startsWith(word));
  if (begun.length === 1) return begun[0];
  const [first] = names
    .map((name) => ({ name, slips: slips(word, name) }))
    .filter(({ name, slips }) => slips <= Math.ceil(name.length / 4))
    .sort((a, b) => a.slips - b.slips);
  return first?.name;
}

// Letters added, left out, or taken for another (Levenshtein's distance).
function slips(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, n) => n);
  for (const [n, letter] of [...from].entries()) {
    const next = [n + 1];
    for (let k = 0; k < to.length; k++) {
      next.push(Math.min(row[k + 1]! + 1, next[k]! + 1, row[k]! + (letter === to[k] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length]!;
}
