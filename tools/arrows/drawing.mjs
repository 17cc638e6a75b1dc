import { LAYERS, NAMED_UPWARDS, PACKAGES } from './rules.mjs';

const BEGIN = '<!-- drawn by tools/arrows from its rules: begin -->';
const END = '<!-- drawn by tools/arrows from its rules: end -->';

const TITLES = {
  plugin: 'x86 arm64 powerpc riscv s390 sparc loongarch, or yours',
  cli: 'cli',
  core: 'core',
  conformance: 'conformance',
  vmcore: 'vmcore',
  audit: 'audit',
};

/** The rules as text: packages as a graph, the layers of core from the top down. */
function drawing() {
  const nodes = Object.keys(PACKAGES).map((name) => `  ${name}["${TITLES[name]}"]`);
  const arrows = Object.entries(PACKAGES).flatMap(([from, names]) =>
    names.filter((name) => name in PACKAGES).map((to) => `  ${from} --> ${to}`),
  );
  const layers = LAYERS.toReversed().map((layers) => layers.join(', '));
  const upwards = NAMED_UPWARDS.map(({ from, to }) => `- \`${from}\`: those of \`${to}\``);
  return [
    '```mermaid',
    'flowchart TD',
    ...nodes,
    ...arrows,
    '```',
    '',
    'The folders of `core/src`, `base` being the files beside them. Each imports values from lower rows only:',
    '',
    '```',
    ...layers,
    '```',
    '',
    'Types are named upwards here and nowhere else:',
    '',
    ...upwards,
  ].join('\n');
}

/** A page with the drawing as it has to be. */
export function drawn(page) {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/architecture.md has no place for the drawing: ${BEGIN} … ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${drawing()}\n\n${page.slice(end)}`;
}
