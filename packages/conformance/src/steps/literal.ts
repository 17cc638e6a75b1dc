import { hex } from '@vmemmap/core';

/** Numbers from here on are addresses, sizes or pfns: hex. */
const LEAST_HEX = 4096;

/** Finds another way to write an object, such as a name. */
export type Naming = (value: object) => string | undefined;

/** A value as TypeScript would write it, on one line. What tools hand in, such as a trace, is left out. */
export function literal(value: unknown, naming: Naming = () => undefined): string {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= LEAST_HEX ? hex(value) : String(value);
  }
  if (typeof value === 'bigint') return `0x${value.toString(16)}n`;
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  const name = naming(value);
  if (name !== undefined) return name;
  if (ArrayBuffer.isView(value)) return `new ${value.constructor.name}(…)`;
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, naming)).join(', ')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined && typeof member !== 'function');
  return members.length === 0
    ? '{}'
    : `{ ${members.map(([key, member]) => `${key}: ${literal(member, naming)}`).join(', ')} }`;
}

/** Arguments of a call, without those at the end that were not given. */
export function argumentsText(args: readonly unknown[], naming: Naming = () => undefined): string {
  let given = args.length;
  while (given > 0 && args[given - 1] === undefined) given--;
  return args
    .slice(0, given)
    .map((arg) => literal(arg, naming))
    .join(', ');
}
