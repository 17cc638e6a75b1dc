// @ts-check
// docs/contract.md, from the types of the contract and their comments. Every member must have a comment: a contract
// nobody explains cannot be kept.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readDeclarations } from './read-declarations.mjs';

const root = new URL('../../', import.meta.url);

/** What belongs to the contract, in the order a plugin's author meets it. */
const SECTIONS = [
  [
    'A plugin',
    'packages/core/src/contract/plugin.ts',
    ['definePlugin', 'PluginDefinition', 'ArchVariant', 'ArchPlugin'],
  ],
  ['An architecture', 'packages/core/src/contract/arch.ts', ['VmemmapArch', 'InitMm']],
  ['What it does otherwise', 'packages/core/src/contract/exception.ts', ['ArchException']],
  ['An architecture at work', 'packages/core/src/contract/arch.ts', ['VmemmapOps', 'VmemmapBacking']],
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
  [
    'Entries for people',
    'packages/core/src/contract/entry-layout.ts',
    ['EntryLayout', 'EntryField', 'encodeEntry', 'decodeEntry'],
  ],
  ['The page-table toolkit', 'packages/core/src/pagetable/format.ts', ['PageTableFormat', 'TableLevel', 'Entry']],
  ['The root table', 'packages/core/src/pagetable/root-table.ts', ['createRootTable']],
  ['Writing tables', 'packages/core/src/pagetable/page-table.ts', ['PageTable', 'PageTableHooks']],
  ['Taking away', 'packages/core/src/pagetable/remove-pagetable.ts', ['removePagetable', 'RemoveHooks']],
  [
    'The walker toolkit',
    'packages/core/src/pagetable/table-walker.ts',
    ['EntryReader', 'EntryReading', 'PageReader', 'TableWalker'],
  ],
  ['Base pages', 'packages/core/src/engine/basepages.ts', ['vmemmapPopulateBasepages']],
  ['Huge pages', 'packages/core/src/engine/hugepages.ts', ['vmemmapPopulateHugepages', 'PmdHooks']],
  ['Huge pages in part', 'packages/core/src/engine/sub-pmd.ts', ['SubPmdUse']],
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

const EXCEPTIONS = `What an architecture does otherwise than the rest is declared by name, with the kernel's file and function, and
tested as declared:

`;

/**
 * The doc comment above `export type Capability` or `ExceptionName` is a list already.
 * @param {string} file
 * @param {string} type
 */
function names(file, type) {
  const source = readFileSync(new URL(`packages/core/src/contract/${file}`, root), 'utf8');
  const above = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*export type ${type}\\b`);
  const comment = above.exec(source)?.[1] ?? '';
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  return lines
    .slice(lines.findIndex((line) => line.startsWith('- ')))
    .join('\n')
    .trim();
}

/**
 * The text of docs/contract.md.
 * @throws Error naming the members without a comment
 */
export function contract() {
  const parts = [INTRODUCTION + names('arch.ts', 'Capability'), EXCEPTIONS + names('exception.ts', 'ExceptionName')];
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
    throw new Error(`these members have no comment; give each one:\n${undocumented.join('\n')}`);
  }
  return `${parts.join('\n\n')}\n`;
}
