// @ts-check
// docs/formats.md: the entries of every architecture, from the layouts that the decoder and the tests use, and the
// entries themselves, from machines that have booted.
import { boot, decodeEntry, encodeEntry, entryReading, hex64, Machine, releases, toU64 } from '@vmemmap/core';
import { plugins } from '@vmemmap/plugins';

/**
 * @typedef {import('@vmemmap/core').ArchPlugin} ArchPlugin
 * @typedef {import('@vmemmap/core').EntryLayout} EntryLayout
 */

const INTRODUCTION = `# Entry formats

<!-- Written by \`npm run docs\` from the plugins; do not edit. -->

How each architecture's page tables are laid out, what the bits of an entry mean, and which of them the kernel sets for
the memory map. The layouts are the ones that \`vmemmap translate\` decodes with; the entries were read off machines that
the model booted.`;

/** RAM that any configuration can have, enough for a huge page of any of them. */
const MEMORY = { ranges: [{ node: 0, start: 0, end: 4 * 2 ** 30 }] };

/** The text of docs/formats.md. */
export async function formats() {
  const parts = [INTRODUCTION];
  for (const plugin of await plugins()) parts.push(...ofPlugin(plugin));
  return `${parts.join('\n\n')}\n`;
}

/** @param {ArchPlugin} plugin */
function ofPlugin(plugin) {
  const variants = plugin.variants.map(({ about, config }) => {
    const arch = plugin(config);
    return { about, machine: boot({ arch, memory: MEMORY }), arch, title: configText(config) };
  });
  const parts = [`## ${plugin.arch}`, `${plugin.about}.`];
  parts.push(
    table(
      ['configuration', 'about', 'levels, root first: shift+index bits', 'leaves of 4 GiB'],
      variants.map(({ about, machine, title }) => [title, about, levelsText(machine), leafSizes(machine)]),
    ),
  );
  // One table for equal layouts, whatever configuration and level they are of.
  /** @type {Map<string, { titles: Set<string>, levels: Set<string>, layout: EntryLayout }>} */
  const layouts = new Map();
  for (const { arch, title } of variants) {
    for (const layout of arch.entryLayouts) {
      const key = JSON.stringify([layout.kind, layout.fields]);
      const same = layouts.get(key) ?? { titles: new Set(), levels: new Set(), layout };
      same.titles.add(title);
      for (const level of layout.levels) same.levels.add(level);
      layouts.set(key, same);
    }
  }
  for (const { titles, levels, layout } of layouts.values()) {
    const only = titles.size === variants.length ? '' : ` (${[...titles].join('; ')})`;
    parts.push(
      `### ${plugin.arch}: ${layout.kind} entries of ${[...levels].join(', ')}${only}`,
      table(
        ['bits', 'field', 'meaning'],
        layout.fields.map(({ name, low, high, about }) => [high === low ? `${low}` : `${high}:${low}`, name, about]),
      ),
    );
  }
  const rows = writtenRows(plugin);
  if (rows.length > 0) {
    parts.push(`### ${plugin.arch}: what the kernel writes`);
    parts.push(table(['configuration', 'release', 'entry', 'without its address', 'fields'], rows));
  }
  return parts;
}

/**
 * The entries of booted machines, one row for those releases and configurations that agree.
 * @param {ArchPlugin} plugin
 */
function writtenRows(plugin) {
  /** @type {Map<string, { titles: Set<string>, releases: Set<string>, cells: string[] }>} */
  const rows = new Map();
  for (const { config } of plugin.variants) {
    for (const release of releases) {
      for (const machine of machinesOf(plugin(config), release)) {
        for (const cells of entriesOf(machine)) {
          const key = cells.join();
          const row = rows.get(key) ?? { titles: new Set(), releases: new Set(), cells };
          row.titles.add(configText(config));
          row.releases.add(release.name);
          rows.set(key, row);
        }
      }
    }
  }
  return [...rows.values()].map(({ titles, releases: names, cells }) => [
    titles.size === plugin.variants.length ? 'all' : [...titles].join('; '),
    names.size === releases.length ? 'all' : [...names].join(', '),
    ...cells,
  ]);
}

/**
 * A machine that has all the memory it wants, and one that gets no huge page.
 * @param {import('@vmemmap/core').VmemmapArch} arch
 * @param {import('@vmemmap/core').KernelRelease} release
 */
function* machinesOf(arch, release) {
  yield boot({ arch, memory: MEMORY, release });
  const machine = new Machine({ arch, memory: MEMORY, release });
  const table = machine.ops.pageTable;
  if (table === undefined || !arch.capabilities.includes('huge-pages')) return;
  const order = Math.log2(table.entrySpan(table.format.pmdLevel)) - arch.model.pageShift;
  machine.failures.add({ source: 'memblock', order, times: Number.POSITIVE_INFINITY });
  yield machine.boot();
}

/** @param {Machine} machine */
function entriesOf(machine) {
  /** @type {Map<string, string[]>} */
  const found = new Map();
  const reading = entryReading();
  const { entryLayouts } = machine.arch;
  /** @type {(name: string, kind: 'table' | 'leaf', flags: bigint) => void} */
  const addFlags = (name, kind, flags) => {
    const fields = decodeEntry(entryLayouts, name, kind, flags).map(({ name: field, value, flag }) =>
      flag ? field : `${field}=${value}`,
    );
    const cells = [`${name} ${kind}`, hex64(flags), fields.join(' ') || '-'];
    found.set(cells.join(), cells);
  };
  /** @type {(level: number, kind: 'table' | 'leaf', flags: bigint) => void} */
  const add = (level, kind, flags) => addFlags(machine.levels[level]?.name ?? '', kind, flags);
  // Entries of a hashed page table have no level: what a walk to a page passes is all there is.
  if (machine.levels.length === 0) {
    for (const { offset, flagsLo, flagsHi } of machine.leaves()) {
      for (const { level, kind, entry } of machine.translate(machine.window.start + BigInt(offset)).steps) {
        if (kind === 'leaf') addFlags(level, kind, toU64(flagsLo, flagsHi));
        else if (kind === 'table') addFlags(level, kind, withoutAddress(entryLayouts, level, kind, entry));
      }
    }
    return found.values();
  }
  for (const { level, entries } of machine.tables()) {
    for (const { lo, hi, kind } of entries) {
      if (kind !== 'table') continue;
      machine.ops.walker.readEntry?.(level, lo | 0, hi | 0, reading);
      add(level, 'table', toU64(reading.flagsLo, reading.flagsHi));
    }
  }
  for (const { level, flagsLo, flagsHi } of machine.leaves()) add(level, 'leaf', toU64(flagsLo, flagsHi));
  return found.values();
}

/**
 * @param {readonly EntryLayout[]} layouts
 * @param {string} level
 * @param {'table' | 'leaf'} kind
 * @param {bigint} entry
 */
function withoutAddress(layouts, level, kind, entry) {
  const parts = decodeEntry(layouts, level, kind, entry).filter(({ address }) => address);
  const values = Object.fromEntries(parts.map(({ name, value }) => [name, value]));
  return entry ^ encodeEntry(layouts, level, kind, values);
}

/** @param {Machine} machine */
function levelsText({ levels }) {
  return levels.map(({ name, shift, indexBits }) => `${name} ${shift}+${indexBits}`).join(', ') || 'no page table';
}

/** @param {Machine} machine */
function leafSizes(machine) {
  return machine
    .cost()
    .leaves.map(({ size, count }) => `${count} x ${sizeText(size)}`)
    .join(', ');
}

/** @param {number} bytes */
function sizeText(bytes) {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 1024} KiB`;
}

/** @param {Readonly<Record<string, unknown>>} config */
function configText(config) {
  const keys = Object.entries(config).map(
    ([key, value]) => `${key}=${typeof value === 'bigint' ? `0x${value.toString(16)}` : value}`,
  );
  return keys.length === 0 ? 'default' : `\`${keys.join(',')}\``;
}

/**
 * @param {string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
