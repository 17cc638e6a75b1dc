import { ACCESS } from '@vmemmap/core';

/** Names of the rights in {@link ACCESS} bits. */
export function accessNames(access: number): string[] {
  return Object.entries(ACCESS)
    .filter(([, bit]) => (access & bit) !== 0)
    .map(([name]) => name);
}
