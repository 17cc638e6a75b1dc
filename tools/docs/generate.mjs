// @ts-check
// Writes docs/contract.md from the types of the contract and their comments; with --check only says whether it is up
// to date. Every member must have a comment: a contract nobody explains cannot be kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readDeclarations } from './read-declarations.mjs';

const root = new URL('../../', import.meta.url);
const target = new URL('docs/contract.md', root);

/** What belongs to the contract, in the order a plugin's author meets it. */
const SECTIONS = [
  ['A plugin', 'packages/core/src/contract/plugin.ts', ['definePlugin', 'PluginDefinition', 'ArchPlugin']],
  ['An architecture', 'packages/core/src/contract/arch.ts', ['VmemmapArch', 'InitMm']],
  ['An architecture at work', 'packages/core/src/contract/arch.ts', ['VmemmapOps']],
  ['Reading back', 'packages/core/src/contract/walker.ts', ['VmemmapWalker']],
  ['What the machine gives', 'packages/core/src/contract/context.ts', ['PopulateContext', 'AddressSpace']],
  ['The memory model', 'packages/core/src/contract/model.ts', ['MemoryModel', 'VmemmapWindow']],
  ['Blocks of memory', 'packages/core/src/memory/block-run.ts', ['BlockRun']],
  ['Device memory', 'packages/core/src/contract/pgmap.ts', ['DevPagemap']],
  ['The altmap', 'packages/core/src/memory/altmap.ts', ['VmemAltmap']],
  ['A kernel release', 'packages/core/src/release.ts', ['KernelRelease']],
  [
    'What reading gives',
    'packages/core/src/contract/translation.ts',
    ['Translation', 'Walk', 'WalkStep', 'TableView', 'TableEntry'],
  ],
  ['Entries for people', 'packages/core/src/contract/entry-layout.ts', ['EntryLayout', 'EntryField']],
  ['The page-table toolkit', 'packages/core/src/pagetable/format.ts', ['PageTableFormat', 'TableLevel', 'Entry']],
  ['Writing tables', 'packages/core/src/pagetable/page-table.ts', ['PageTable', 'PageTableHooks']],
  [
    'The walker toolkit',
    'packages/core/src/pagetable/table-walker.ts',
    ['EntryReader', 'EntryReading', 'PageReader', 'TableWalker'],
  ],
  ['Base pages', 'packages/core/src/engine/basepages.ts', ['vmemmapPopulateBasepages']],
  ['Huge pages', 'packages/core/src/engine/hugepages.ts', ['vmemmapPopulateHugepages', 'PmdHooks']],
  ['Nodes', 'packages/core/src/engine/verify-node.ts', ['vmemmapVerify']],
];

const INTRODUCTION = `# The contract

<!-- Written by \`npm run docs\` from the types in packages/core/src; do not edit. -->

What an architecture plugin implements, what it is given, and what each member means: unit, range, errors, and the
kernel's own name for it. [architecture.md](architecture.md) says how it all fits together.

Offsets are bytes from the start of the vmemmap window, physical addresses are bytes; both are plain numbers. Virtual
addresses are bigints. A node is the kernel's node number. \`vmemmapPopulate()\` returns 0 or a negative errno, as the
kernel's does; everything that is the caller's fault is a \`VmemmapError\` with a stable \`code\`.

Capabilities are declared, never guessed:

`;

/** The doc comment above `export type Capability` is a list already. */
function capabilities() {
  const source = readFileSync(new URL('packages/core/src/contract/arch.ts', root), 'utf8');
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export type Capability\b/.exec(source)?.[1] ?? '';
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  return lines
    .slice(lines.findIndex((line) => line.startsWith('- ')))
    .join('\n')
    .trim();
}

const parts = [INTRODUCTION + capabilities()];
const undocumented = [];
for (const [title, file, names] of SECTIONS) {
  parts.push(`## ${title}`);
  for (const { name, heading, text, members } of readDeclarations(
    fileURLToPath(new URL(String(file), root)),
    /** @type {string[]} */ (names),
  )) {
    parts.push(`### \`${heading}\``, text);
    for (const member of members) {
      if (member.text === '') undocumented.push(`${file}: ${name}.${member.name}`);
      parts.push(`- \`${member.signature}\`  \n  ${member.text.replaceAll('\n', '\n  ')}`);
    }
  }
}
if (undocumented.length > 0) {
  console.error(`docs: these members have no comment; give each one:\n${undocumented.join('\n')}`);
  process.exit(1);
}
const text = `${parts.join('\n\n')}\n`;
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs: docs/contract.md is not what the types say; run `npm run docs` and commit it');
  process.exit(1);
}
