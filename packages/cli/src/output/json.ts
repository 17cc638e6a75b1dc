import { hex } from '@vmemmap/core';

/** JSON as this command prints it; a bigint becomes hex text. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? hex(item) : item), 2);
}
