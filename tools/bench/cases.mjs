// @ts-check
import { boot, Machine } from '@vmemmap/core';
import { x86 } from '@vmemmap/x86';

const GiB = 2 ** 30;
/** Addresses to a call: the results of one batch go where those of the last were. The baseline does likewise. */
const BATCH = 131072;

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string[]} baseline arguments of the C program
 * @property {number} count leaves or addresses that one run handles
 * @property {() => number} run does the work once; nanoseconds
 */

/** @param {bigint} start */
const since = (start) => Number(process.hrtime.bigint() - start);

/**
 * @param {boolean} huge
 * @param {number} gib
 * @returns {Case}
 */
function populate(huge, gib) {
  const arch = x86({ la57: false, pse: huge });
  const memory = { ranges: [{ node: 0, start: 0, end: gib * GiB }] };
  const bytes = ((gib * GiB) / 4096) * 64;
  const { ops } = new Machine({ arch, memory });
  return {
    name: `populate/${huge ? 'huge' : 'base'}/${gib < 1024 ? `${gib}GiB` : `${gib / 1024}TiB`}`,
    baseline: ['populate', huge ? 'huge' : 'base', String(gib)],
    count: bytes / (huge ? 2 ** 21 : 4096),
    run() {
      const start = process.hrtime.bigint();
      ops.vmemmapPopulate(0, bytes, 0, undefined, undefined);
      const took = since(start);
      // The baseline builds in the same memory each time; so that this side does too, the tables go back.
      ops.vmemmapFree(0, bytes, undefined);
      return took;
    },
  };
}

/** Base pages of 64 GiB, booted. */
function basePages64GiB() {
  const memory = { ranges: [{ node: 0, start: 0, end: 64 * GiB }] };
  const machine = boot({ arch: x86({ la57: false, pse: false }), memory });
  return { machine, bytes: ((64 * GiB) / 4096) * 64, pas: new Int32Array(2 * BATCH) };
}

/**
 * One struct page in each page of the vmemmap, in order.
 * @returns {Case}
 */
function translateSequential() {
  const { machine, bytes, pas } = basePages64GiB();
  return {
    name: 'translate/sequential/64GiB',
    baseline: ['translate', 'sequential', '64'],
    count: bytes / 4096,
    run() {
      const start = process.hrtime.bigint();
      for (let first = 0; first < bytes; first += BATCH * 4096) machine.translateRange(first, 4096, BATCH, pas);
      return since(start);
    },
  };
}

/**
 * As many struct pages at random.
 * @returns {Case}
 */
function translateRandom() {
  const { machine, bytes, pas } = basePages64GiB();
  let state = 88172645463325252n;
  const random = () => {
    state ^= BigInt.asUintN(64, state << 13n);
    state ^= state >> 7n;
    state ^= BigInt.asUintN(64, state << 17n);
    return Number(state % BigInt(bytes / 64)) * 64;
  };
  const batches = Array.from({ length: bytes / 4096 / BATCH }, () => Float64Array.from({ length: BATCH }, random));
  return {
    name: 'translate/random/64GiB',
    baseline: ['translate', 'random', '64'],
    count: bytes / 4096,
    run() {
      const start = process.hrtime.bigint();
      for (const batch of batches) machine.translateMany(batch, pas);
      return since(start);
    },
  };
}

/** Cases are made one at a time, so that one does not hold memory while another runs. */
export const cases = [
  () => populate(false, 64),
  () => populate(true, 4 * 1024),
  () => populate(true, 64 * 1024),
  translateSequential,
  translateRandom,
];

/** Bytes this process holds for the tables of 64 GiB in base pages, beside the bytes of the tables themselves. */
export function memoryCase() {
  const { bytes, count, footprint } = basePages64GiB().machine.tableMemory;
  return { name: 'memory/64GiB', ours: footprint / count, baseline: bytes / count };
}
