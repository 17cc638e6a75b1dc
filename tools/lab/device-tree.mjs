// @ts-check
import { LabError } from './lab-error.mjs';

// The flattened format: Devicetree Specification 0.4, chapter 5.
const MAGIC = 0xd00dfeed;
const HEADER_WORDS = 10;
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROPERTY = 3;
const END = 9;

/** @typedef {{ name: string, value: Buffer }} Property */

/**
 * A device tree with one more node, below its root and after all others.
 * @param {Buffer} blob
 * @param {string} name of the node
 * @param {readonly Property[]} properties
 * @returns {Buffer}
 */
export function withNode(blob, name, properties) {
  const header = Array.from({ length: HEADER_WORDS }, (_, n) =>
    blob.length < HEADER_WORDS * 4 ? 0 : blob.readUInt32BE(n * 4),
  );
  const [magic, , structAt = 0, stringsAt = 0, reservedAt = 0, version = 0, lastVersion = 0, cpu = 0] = header;
  const [stringsBytes = 0, structBytes = 0] = header.slice(8);
  if (magic !== MAGIC || version < 17) throw new LabError('QEMU wrote no device tree of version 17');
  const struct = blob.subarray(structAt, structAt + structBytes);
  const strings = blob.subarray(stringsAt, stringsAt + stringsBytes);
  // The root's end and the end of all are the last two words.
  const tail = struct.subarray(-8);
  if (!tail.equals(words(END_NODE, END)))
    throw new LabError('the device tree that QEMU wrote does not end with its root');

  let added = strings;
  const node = [words(BEGIN_NODE), text(name)];
  for (const property of properties) {
    node.push(words(PROPERTY, property.value.length, added.length), padded(property.value));
    added = Buffer.concat([added, Buffer.from(`${property.name}\0`)]);
  }
  node.push(words(END_NODE));
  const newStruct = Buffer.concat([struct.subarray(0, -8), ...node, tail]);

  const reserved = blob.subarray(reservedAt, endOfReserved(blob, reservedAt));
  const newReservedAt = HEADER_WORDS * 4;
  const newStructAt = newReservedAt + reserved.length;
  const newStringsAt = newStructAt + newStruct.length;
  const total = newStringsAt + added.length;
  const head = words(
    MAGIC,
    total,
    newStructAt,
    newStringsAt,
    newReservedAt,
    version,
    lastVersion,
    cpu,
    added.length,
    newStruct.length,
  );
  return Buffer.concat([head, reserved, newStruct, added]);
}

/**
 * Reserved ranges are pairs of 64 bits; the last one is zero.
 * @param {Buffer} blob
 * @param {number} at
 */
function endOfReserved(blob, at) {
  let end = at;
  while (blob.readBigUInt64BE(end) !== 0n || blob.readBigUInt64BE(end + 8) !== 0n) end += 16;
  return end + 16;
}

/**
 * Numbers of 32 bits, as cells and tokens are.
 * @param {readonly number[]} values
 */
export function words(...values) {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [n, value] of values.entries()) bytes.writeUInt32BE(value, n * 4);
  return bytes;
}

/** @param {string} value */
function text(value) {
  return padded(Buffer.from(`${value}\0`));
}

/** @param {Buffer} bytes */
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

/**
 * The device tree with a region of persistent memory (Documentation/devicetree/bindings/pmem/pmem-region.yaml).
 * @param {Buffer} blob
 * @param {{ start: number, bytes: number }} region
 * @returns {Buffer}
 */
export function withPmem(blob, { start, bytes }) {
  const cells = (/** @type {number} */ value) => words(Math.floor(value / 2 ** 32), value % 2 ** 32);
  return withNode(blob, `pmem@${start.toString(16)}`, [
    { name: 'compatible', value: Buffer.from('pmem-region\0') },
    // Two cells each: so it is in the root of QEMU's machines of 64 bits.
    { name: 'reg', value: Buffer.concat([cells(start), cells(bytes)]) },
    { name: 'numa-node-id', value: words(0) },
  ]);
}
