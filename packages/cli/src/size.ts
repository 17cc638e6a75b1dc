import { VmemmapError } from '@vmemmap/core';

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/**
 * Reads a number of bytes: `64G`, `64GiB`, `0x1000`, `4096`.
 * @returns undefined when the text is none
 */
export function readSize(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,14}$/i.test(text)) return safe(Number(text));
  const match = /^(\d{1,16})([KMGTP]?)(?:iB|B)?$/i.exec(text);
  if (match === null) return undefined;
  return safe(Number(match[1]) * 1024 ** UNITS.indexOf(match[2]!.toUpperCase()));
}

/**
 * Reads a number of bytes.
 * @param what where it stands, for the error
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseSize(text: string, what: string): number {
  const bytes = readSize(text);
  if (bytes === undefined) {
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `${what}: ${JSON.stringify(text)} is no size; write it like 64G, 512MiB or 0x80000000, below 8 PiB`,
      '@vmemmap/cli',
    );
  }
  return bytes;
}

/** Bytes for people: `2 MiB`, `191.7 GiB`. */
export function sizeText(bytes: number): string {
  let unit = 0;
  let value = Math.abs(bytes);
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = Number.isInteger(value) ? value.toString() : value.toFixed(value < 10 ? 2 : 1);
  return `${bytes < 0 ? '-' : ''}${digits} ${UNITS[unit]}${unit === 0 ? 'B' : 'iB'}`;
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}
