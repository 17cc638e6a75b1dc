/** A number with its noun: `1 leaf`, `2 leaves`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
