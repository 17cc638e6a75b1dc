import { cruise } from 'dependency-cruiser';
import { forbidden } from './rules.mjs';

/**
 * The violations under `packages/<name>/src` of a tree.
 * @param {string} root directory that holds `packages/`
 * @returns {Promise<{ modules: number, found: { rule: string, from: string, to: string }[] }>}
 */
export async function violations(root) {
  const { output } = await cruise(
    ['packages/*/src'],
    {
      baseDir: root,
      ruleSet: { forbidden },
      validate: true,
      doNotFollow: { path: 'node_modules' },
      // Imports of types count: they are arrows, too.
      tsPreCompilationDeps: true,
      enhancedResolveOptions: {
        exportsFields: ['exports'],
        // The packages are seen as their sources.
        conditionNames: ['@vmemmap/source', 'import', 'default'],
        extensions: ['.ts', '.js', '.mjs', '.json'],
      },
    },
    {},
  );
  if (typeof output === 'string') throw new Error(output);
  const { totalCruised, violations: list } = output.summary;
  return { modules: totalCruised, found: list.map(({ rule, from, to }) => ({ rule: rule.name, from, to })) };
}
