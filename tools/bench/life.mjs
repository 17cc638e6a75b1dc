// @ts-check
// What happens to a machine after boot, per entry of the vmemmap that it makes or takes away, beside populating base pages.
import { boot, Machine } from '@vmemmap/core';
import { x86 } from '@vmemmap/x86';

const GiB = 2 ** 30;
const TiB = 2 ** 40;
const HUGE_PAGE = 2 ** 21;
const HUGE_PAGES = 10000;

/**
 * @typedef {object} LifeCase
 * @property {readonly string[]} names one for each part of a run
 * @property {number} count entries, or huge pages, that each part handles
 * @property {string} unit
 * @property {() => number[]} run one round; nanoseconds of each part
 * @property {() => number} frame what is held, after half a round, for each byte of tables
 */

const machine = (pse = true) =>
  boot({ arch: x86({ la57: false, pse }), memory: { ranges: [{ node: 0, start: 0, end: 64 * GiB }] } });

/** @param {() => void} work */
function timed(work) {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start);
}

/**
 * @param {number} errno
 * @param {string} what
 */
function expectOk(errno, what) {
  if (errno !== 0) throw new Error(`${what} came to ${errno}`);
}

/** @param {Machine} m */
const perTableByte = ({ tableMemory: { footprint, bytes } }) => footprint / bytes;

/**
 * A namespace of 1 TiB in compounds of 2 MiB: eight entries each, six of them on one page.
 * @returns {LifeCase}
 */
function deviceMemory() {
  const m = machine();
  const ranges = [{ start: TiB, end: 2 * TiB }];
  const map = () =>
    expectOk(m.devices.memremap({ id: 'dax0.0', node: 0, ranges, vmemmapShift: 9 }), 'memremap_pages()');
  const unmap = () => m.devices.memunmap('dax0.0');
  return {
    names: ['device/1TiB/2M compounds/memremap', 'device/1TiB/2M compounds/memunmap'],
    count: (TiB / 4096) * (64 / 4096),
    unit: 'ns per entry',
    run: () => [timed(map), timed(unmap)],
    frame() {
      map();
      const held = perTableByte(m);
      unmap();
      return held;
    },
  };
}

/** @returns {LifeCase} */
function hugePages() {
  const m = machine();
  const pages = [{ start: 4 * GiB, count: HUGE_PAGES }];
  const optimize = () => expectOk(m.hugetlb.optimize(HUGE_PAGE, pages).optimized - HUGE_PAGES, 'optimising');
  const restore = () => expectOk(m.hugetlb.restore(HUGE_PAGE, pages).errno, 'restoring');
  return {
    names: [`hugetlb/${HUGE_PAGES} of 2M/optimize`, `hugetlb/${HUGE_PAGES} of 2M/restore`],
    count: HUGE_PAGES * (HUGE_PAGE / 4096) * (64 / 4096),
    unit: 'ns per entry',
    run: () => [timed(optimize), timed(restore)],
    frame() {
      optimize();
      const held = perTableByte(m);
      restore();
      return held;
    },
  };
}

/**
 * In base pages, since with huge ones there would be next to nothing to do.
 * @returns {LifeCase}
 */
function hotplug() {
  const m = machine(false);
  const add = () => expectOk(m.hotplug.add({ node: 0, start: TiB, end: TiB + 64 * GiB }), 'add_memory()');
  const remove = () => expectOk(m.hotplug.remove(TiB, TiB + 64 * GiB), 'remove_memory()');
  return {
    names: ['hotplug/64GiB/add', 'hotplug/64GiB/remove'],
    count: ((64 * GiB) / 4096) * (64 / 4096),
    unit: 'ns per entry',
    run: () => [timed(add), timed(remove)],
    frame() {
      add();
      const held = perTableByte(m);
      remove();
      return held;
    },
  };
}

export const lifeCases = [deviceMemory, hugePages, hotplug];

/** Populating base pages of 64 GiB: what a part is measured beside. */
export function basePages() {
  const { ops } = new Machine({
    arch: x86({ la57: false, pse: false }),
    memory: { ranges: [{ node: 0, start: 0, end: 64 * GiB }] },
  });
  const bytes = ((64 * GiB) / 4096) * 64;
  return {
    count: bytes / 4096,
    run() {
      const took = timed(() => ops.vmemmapPopulate(0, bytes, 0, undefined, undefined));
      ops.vmemmapFree(0, bytes, undefined);
      return took;
    },
  };
}
