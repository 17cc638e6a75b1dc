// @ts-check
import { LabError } from './lab-error.mjs';

const UNITS = ['', 'K', 'M', 'G', 'T'];

/**
 * Bytes of a size as QEMU and the kernel write it: 2G, 1408M, 64K, or plain bytes.
 * @param {string} text
 * @param {string} option whose value it is, for the error
 * @returns {number}
 */
export function sizeOf(text, option) {
  const [, digits, unit] = /^(\d+)([KMGT]?)$/i.exec(text) ?? [];
  if (digits === undefined) throw new LabError(`${option} needs a size such as 2G or 1408M, not "${text}"`);
  const bytes = Number(digits) * 1024 ** UNITS.indexOf(/** @type {string} */ (unit).toUpperCase());
  if (!Number.isSafeInteger(bytes) || bytes === 0) throw new LabError(`${option} cannot be ${text}`);
  return bytes;
}

/**
 * The shortest text of a size.
 * @param {number} bytes
 * @returns {string}
 */
export function sizeText(bytes) {
  let power = 0;
  let left = bytes;
  while (left % 1024 === 0 && power < UNITS.length - 1) {
    left /= 1024;
    power++;
  }
  return `${left}${UNITS[power]}`;
}
