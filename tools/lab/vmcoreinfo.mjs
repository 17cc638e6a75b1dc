// @ts-check
import { LabError } from './lab-error.mjs';

/**
 * Where /sys/kernel/vmcoreinfo says that the note lies: physical address and size.
 * @param {string} text
 */
export function noteAt(text) {
  const [, address, size] = /^(0x[0-9a-f]+) ([0-9a-f]+)$/.exec(text.trim()) ?? [];
  if (address === undefined) throw new LabError(`/sys/kernel/vmcoreinfo is not an address and a size: ${text}`);
  return { address: BigInt(address), size: Number.parseInt(/** @type {string} */ (size), 16) };
}

/**
 * The text of the note: it starts with the release and ends with the first zero.
 * @param {Buffer} note
 * @returns {string}
 */
export function noteText(note) {
  const start = note.indexOf('OSRELEASE=');
  if (start < 0) throw new LabError('the guest has no VMCOREINFO at the address that it names');
  const end = note.indexOf(0, start);
  return note.toString('latin1', start, end < 0 ? note.length : end);
}

/**
 * What places struct pages.
 * @typedef {object} Geometry
 * @property {bigint} vmemmap address of the struct page of pfn 0
 * @property {number} structPageSize
 * @property {number} pageSize
 * @property {bigint} sectionBytes
 */

/**
 * @param {string} text of the note
 * @returns {Geometry}
 */
export function geometry(text) {
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1));
  }
  /** @param {string} name */
  const value = (name) => {
    const found = values.get(name);
    if (found === undefined) throw new LabError(`the guest's VMCOREINFO does not say ${name}`);
    return found;
  };
  return {
    vmemmap: BigInt(`0x${value('SYMBOL(vmemmap)')}`),
    structPageSize: Number(value('SIZE(page)')),
    pageSize: Number(value('PAGESIZE')),
    sectionBytes: 1n << BigInt(value('NUMBER(SECTION_SIZE_BITS)')),
  };
}
