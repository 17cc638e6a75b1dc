// @ts-check
// Base pages of every architecture with page tables, each beside x86's in the same run.
import { Machine, vmemmapPopulateBasepages } from '@vmemmap/core';
import { plugins } from '@vmemmap/plugins';

/** As many entries as 64 GiB of x86 have. */
const ENTRIES = 262144;

/** Architectures that have a routine of their own for base pages, and take them only without huge ones. */
const OWN_ROUTINE = new Set(['s390']);

/**
 * A machine with as much RAM as the configuration can have, 128 GiB at most.
 * @param {import('@vmemmap/core').VmemmapArch} arch
 */
function largest(arch) {
  for (let bits = 37; ; bits--) {
    const options = { arch, memory: { ranges: [{ node: 0, start: 0, end: 2 ** bits }] } };
    try {
      return { options, window: new Machine(options).window };
    } catch (error) {
      if (bits === 32) throw error;
    }
  }
}

/**
 * Runs on new machines, so that every architecture makes its tables anew.
 * @param {import('@vmemmap/core').ArchPlugin} plugin
 * @param {Readonly<Record<string, unknown>>} config
 */
function sampler(plugin, config) {
  const arch = plugin(config);
  const { options, window } = largest(arch);
  const page = 2 ** arch.model.pageShift;
  const count = Math.min(ENTRIES, Number(window.end - window.start) / page, options.memory.ranges[0].end / 2 / page);
  // What has no huge pages is populated as it does that itself; for others it is the generic function they fall back to.
  const own = !arch.capabilities.includes('huge-pages');
  const run = () => {
    const { ops } = new Machine(options);
    const start = process.hrtime.bigint();
    if (own) ops.vmemmapPopulate(0, count * page, 0, undefined, undefined);
    else {
      const table = /** @type {import('@vmemmap/core').PageTable} */ (ops.pageTable);
      vmemmapPopulateBasepages(table, 0, count * page, 0, undefined, undefined);
    }
    return Number(process.hrtime.bigint() - start);
  };
  return { count, run };
}

/**
 * @typedef {{ count: number, run: () => number }} Side entries that one run makes, and the run; nanoseconds
 * @returns {Promise<{ name: string, ours: Side, x86: Side }[]>}
 */
export async function archCases() {
  const all = await plugins();
  const x86 = all.find(({ arch }) => arch === 'x86');
  if (x86 === undefined) throw new Error('there is no x86 to measure beside');
  const beside = sampler(x86, {});
  const cases = [];
  for (const plugin of all) {
    for (const { config } of plugin.variants) {
      const { capabilities } = plugin(config);
      if (!capabilities.includes('page-tables')) continue;
      if (OWN_ROUTINE.has(plugin.arch) && capabilities.includes('huge-pages')) continue;
      const keys = Object.entries(config).map(([key, value]) => `${key}=${value}`);
      cases.push({ name: [plugin.arch, ...keys].join(' '), ours: sampler(plugin, config), x86: beside });
    }
  }
  return cases;
}
