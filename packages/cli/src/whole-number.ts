import { VmemmapError } from '@vmemmap/core';

/**
 * Reads a whole number, decimal or hex.
 * @param what where it stands, for the error
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseWholeNumber(
  text: string,
  what: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `${what}: ${JSON.stringify(text)} is no whole number ${range}`,
      '@vmemmap/cli',
    );
  }
  return value;
}
