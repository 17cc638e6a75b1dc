/**
 * Which way imports run. One place for the rules of dependency-cruiser, for the wrong imports that each of them has to
 * catch, and for the drawings in docs/architecture.md.
 */

/**
 * What each package may import: the public files of others, and packages of the registry. A plugin is every package but
 * these, and those that make packages (create-…).
 */
export const PACKAGES = {
  core: ['zod'],
  conformance: ['core', 'fast-check'],
  plugin: ['core'],
  vmcore: ['core', 'fzstd', 'hysnappy'],
  audit: ['core', 'vmcore'],
  cli: [
    'core',
    'conformance',
    'plugin',
    'vmcore',
    'audit',
    'cli-progress',
    'cli-table3',
    'picocolors',
    'yargs',
    'zod',
    'node',
  ],
};

/**
 * Core from the bottom up. A value is imported from a layer above never; from a layer of the same row neither. `base` are
 * the files beside the folders, index.ts apart.
 */
export const LAYERS = [
  ['base'],
  ['contract'],
  ['memory'],
  ['pagetable'],
  ['engine'],
  ['sparse'],
  ['hotplug', 'hugetlb'],
  ['zone-device'],
  ['machine'],
  ['scenario'],
  ['capture', 'diff'],
];

/**
 * Types may be named upwards in these places alone: the contract names what it hands out, and who works for a machine
 * names its context.
 */
export const NAMED_UPWARDS = [
  { from: 'contract', to: 'memory' },
  { from: 'contract', to: 'pagetable' },
  { from: 'sparse', to: 'hugetlb/preinit' },
  { from: 'sparse', to: 'machine/context' },
  { from: 'hotplug', to: 'machine/context' },
  { from: 'hugetlb', to: 'machine/context' },
  { from: 'zone-device', to: 'machine/context' },
];

const CORE = '^packages/core/src/';
const KIT = '^packages/conformance/src/';
const KIT_COMMAND = `${KIT}command/`;
const VMCORE = '^packages/vmcore/src/';
const VMCORE_NODE = `${VMCORE}node/`;
const AUDIT = '^packages/audit/src/';
const PUBLIC = {
  core: '^packages/core/src/(index|capture/index)\\.ts$',
  conformance: '^packages/conformance/src/((captures|command|random|reference)/)?index\\.ts$',
  vmcore: '^packages/vmcore/src/(node/)?index\\.ts$',
  audit: '^packages/audit/src/index\\.ts$',
  plugin: '^packages/(?!core/|conformance/|vmcore/|audit/|cli/|create-)[^/]+/src/index\\.ts$',
};
const PLUGIN = '^packages/(?!core/|conformance/|vmcore/|audit/|cli/|create-)([^/]+)/src/';
const BUILTIN =
  '^(node:.+|fs|fs/promises|path|url|util|os|process|module|child_process|worker_threads|crypto|stream|events|buffer|zlib)$';

const file = (layer) => (layer === 'base' ? `${CORE}(?!index\\.ts$)[^/]+\\.ts$` : `${CORE}${layer}/`);
const registry = (name) => `(^|/)node_modules/${name}/|^${name}$`;
const allowed = (names) => names.map((name) => PUBLIC[name] ?? (name === 'node' ? BUILTIN : registry(name)));

const above = (layer) => {
  const row = LAYERS.findIndex((layers) => layers.includes(layer));
  return LAYERS.flatMap((layers, at) => (at >= row ? layers.filter((other) => other !== layer) : []));
};

const VALUES = { dependencyTypesNot: ['type-only'] };
const TYPES = { dependencyTypes: ['type-only'] };

const upwards = LAYERS.flat()
  .filter((layer) => above(layer).length > 0)
  .flatMap((layer) => {
    const named = NAMED_UPWARDS.filter(({ from }) => from === layer).map(({ to }) => `${CORE}${to}[/.]`);
    return [
      {
        name: `core-${layer}`,
        comment: `core: ${layer} imports no value from a layer above it, or beside it`,
        from: { path: file(layer) },
        to: { path: above(layer).map(file), ...VALUES },
      },
      {
        name: `core-${layer}-types`,
        comment: `core: ${layer} names types of a layer above it only where the list says so`,
        from: { path: file(layer) },
        to: { path: above(layer).map(file), ...(named.length > 0 && { pathNot: named }), ...TYPES },
      },
    ];
  });

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
export const forbidden = [
  {
    name: 'core-imports',
    comment: 'core imports nothing of ours, and no built-in of Node',
    from: { path: CORE },
    to: { pathNot: [CORE, ...allowed(PACKAGES.core)] },
  },
  {
    name: 'plugin-imports',
    comment: "a plugin imports only core's public files: no other plugin, not the kit, no built-in",
    from: { path: PLUGIN },
    to: { pathNot: ['^packages/$1/src/', ...allowed(PACKAGES.plugin)] },
  },
  {
    name: 'kit-imports',
    comment: "the kit imports core's public files and no plugin, no test runner, no built-in",
    from: { path: KIT, pathNot: KIT_COMMAND },
    to: { pathNot: [KIT, ...allowed(PACKAGES.conformance)] },
  },
  {
    name: 'kit-command-imports',
    comment: "the kit's own command may import built-ins, too",
    from: { path: KIT_COMMAND },
    to: { pathNot: [KIT, ...allowed([...PACKAGES.conformance, 'node'])] },
  },
  {
    name: 'kit-without-command',
    comment: 'what the kit has for a browser does not import its command',
    from: { path: KIT, pathNot: KIT_COMMAND },
    to: { path: KIT_COMMAND },
  },
  {
    name: 'vmcore-imports',
    comment: "reading dumps knows core's public files, no plugin, and no built-in where it is to run in a browser",
    from: { path: VMCORE, pathNot: VMCORE_NODE },
    to: { pathNot: [VMCORE, ...allowed(PACKAGES.vmcore)] },
  },
  {
    name: 'vmcore-node-imports',
    comment: 'what reads dumps from files may import built-ins, too',
    from: { path: VMCORE_NODE },
    to: { pathNot: [VMCORE, ...allowed([...PACKAGES.vmcore, 'node'])] },
  },
  {
    name: 'vmcore-without-node',
    comment: 'what reads dumps in a browser does not import what is for Node',
    from: { path: VMCORE, pathNot: VMCORE_NODE },
    to: { path: VMCORE_NODE },
  },
  {
    name: 'audit-imports',
    comment: 'the audit knows public files of core and of reading dumps, no plugin, and no built-in',
    from: { path: AUDIT },
    to: { pathNot: [AUDIT, ...allowed(PACKAGES.audit)] },
  },
  {
    name: 'cli-imports',
    comment: 'the command imports public files only',
    from: { path: '^packages/cli/src/' },
    to: { pathNot: ['^packages/cli/src/', ...allowed(PACKAGES.cli)] },
  },
  ...upwards,
  {
    name: 'core-index',
    comment: 'core: its own files do not go through index.ts',
    from: { path: CORE, pathNot: `${CORE}(capture/)?index\\.ts$` },
    to: { path: `${CORE}(capture/)?index\\.ts$` },
  },
  {
    name: 'walker-alone',
    comment: 'a walker is the other witness: no value of its own package, or what names the levels of a walk',
    from: { path: `${PLUGIN}(|hash-)walker\\.ts$` },
    to: { path: '^packages/$1/src/', pathNot: '^packages/[^/]+/src/hash-levels\\.ts$', ...VALUES },
  },
  {
    name: 'written-alone',
    comment: 'what writes entries, or says what their bits are called, does not ask the walker',
    from: { path: `${PLUGIN}(format|entry-layouts|bolted|hash-levels)\\.ts$` },
    to: { path: '/src/(|hash-)walker\\.ts$' },
  },
  {
    name: 'no-cycle',
    comment: 'no file needs itself to be loaded. Types may: they are gone when it is',
    from: { path: '^packages/' },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
];

/** For each rule files that break it, and nothing else. */
export const WRONG = {
  'core-imports': { 'core/src/a.ts': "import { readFileSync } from 'node:fs';" },
  'plugin-imports': { 'mips/src/a.ts': "import { riscv } from '@vmemmap/riscv';" },
  'kit-imports': { 'conformance/src/a.ts': "import { x86 } from '@vmemmap/x86';" },
  'kit-command-imports': { 'conformance/src/command/a.ts': "import { x86 } from '@vmemmap/x86';" },
  'kit-without-command': {
    'conformance/src/a.ts': "export { b } from './command/b.ts';",
    'conformance/src/command/b.ts': 'export const b = 1;',
  },
  'vmcore-imports': { 'vmcore/src/a.ts': "import { readSync } from 'node:fs';" },
  'vmcore-node-imports': { 'vmcore/src/node/a.ts': "import { x86 } from '@vmemmap/x86';" },
  'audit-imports': { 'audit/src/a.ts': "import { x86 } from '@vmemmap/x86';" },
  'vmcore-without-node': {
    'vmcore/src/a.ts': "export { b } from './node/b.ts';",
    'vmcore/src/node/b.ts': 'export const b = 1;',
  },
  'cli-imports': { 'cli/src/a.ts': "import { Ram } from '@vmemmap/core/src/memory/ram.ts';" },
  ...Object.fromEntries(
    LAYERS.flat()
      .filter((layer) => above(layer).length > 0)
      .flatMap((layer) => {
        const from = layer === 'base' ? 'core/src/a.ts' : `core/src/${layer}/a.ts`;
        const up = above(layer).at(-1);
        const to = `${layer === 'base' ? '.' : '..'}/${up}/b.ts`;
        const target = { [`core/src/${up}/b.ts`]: 'export class B {}' };
        return [
          [`core-${layer}`, { [from]: `import { B } from '${to}';\nexport const b = new B();`, ...target }],
          [`core-${layer}-types`, { [from]: `import type { B } from '${to}';\nexport type C = B;`, ...target }],
        ];
      }),
  ),
  'core-index': {
    'core/src/machine/a.ts': "export { b } from '../index.ts';",
    'core/src/index.ts': 'export const b = 1;',
  },
  'walker-alone': {
    'mips/src/walker.ts': "export { PTE_V } from './bits.ts';",
    'mips/src/bits.ts': 'export const PTE_V = 1;',
  },
  'written-alone': {
    'mips/src/format.ts': "export { PTE_V } from './walker.ts';",
    'mips/src/walker.ts': 'export const PTE_V = 1;',
  },
  'no-cycle': {
    'core/src/memory/a.ts': "import { b } from './b.ts';\nexport const a = () => b;",
    'core/src/memory/b.ts': "import { a } from './a.ts';\nexport const b = () => a;",
  },
};
