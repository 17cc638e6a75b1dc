import { refusal } from '../refusal.ts';

/**
 * The steps of a path: names of members, and numbers of elements. `node_zones[1].free_area` is `node_zones`, 1, `free_area`.
 * Throws `BAD_ARGUMENT` for what is no path.
 */
export function stepsOf(path: string): readonly (string | number)[] {
  return path.split('.').flatMap((part): (string | number)[] => {
    const [, name, elements] = /^([^[\]]+)((?:\[\d{1,9}\])*)$/.exec(part) ?? [];
    if (name === undefined || elements === undefined)
      throw refusal('BAD_ARGUMENT', `${path} is no path: write members as name.name, elements as name[0]`);
    return [name, ...[...elements.matchAll(/\d+/g)].map(([digits]) => Number(digits))];
  });
}

/** The type that a path begins with, and the path in there; empty where there is none. */
export function typeAndPath(path: string): { readonly name: string; readonly rest: string } {
  const dot = path.indexOf('.');
  return dot < 0 ? { name: path, rest: '' } : { name: path.slice(0, dot), rest: path.slice(dot + 1) };
}
