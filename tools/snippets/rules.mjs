// @ts-check
/** @typedef {import('./blocks.mjs').Block} Block */

/**
 * What a check can do with a code block.
 * - `program`: compiled and run; `tests`: so, by vitest
 * - `json`: parsed
 * - `commands`: every line that starts with `$ ` is run, and what follows is what it prints
 * - `output`: what the command, or the program above, prints
 * - `none`: nothing, for the reason given
 * @typedef {{ kind: 'program' | 'tests' | 'json' | 'commands' } | { kind: 'output', of: string }
 *   | { kind: 'none', why: string }} Use
 */

/** Commands that take what this folder is not: an empty project, the npm registry. */
const INSTALLS = /^(npm (install|ci|create|run|test)|pnpm add|npx nx|cd)\b/;

/**
 * @param {Block} block
 * @returns {Use | undefined} undefined where no rule says
 */
export function useOf({ file, language, info, code, directive = '' }) {
  const lines = code.split('\n').filter((line) => line !== '');
  const [, why] = /^not run: (.+)$/.exec(directive) ?? [];
  if (why !== undefined) return { kind: 'none', why };
  const [, of] = /^printed by: (.+)$/.exec(directive) ?? [];
  if (of !== undefined) return { kind: 'output', of };
  if (/\bfile=/.test(info)) return { kind: 'none', why: 'a file of a package that another check compiles' };
  if (language === 'mermaid') return { kind: 'none', why: 'a drawing' };
  if (file === 'docs/architecture.md' && language === '') return { kind: 'none', why: 'a drawing of folders or calls' };
  if (language === 'json') return { kind: 'json' };
  if (['ts', 'js', 'mjs'].includes(language)) {
    return { kind: /from '(vitest|node:test)'/.test(code) ? 'tests' : 'program' };
  }
  if (lines.every((line) => INSTALLS.test(line))) return { kind: 'none', why: 'installs, or runs all of the checks' };
  if (lines[0]?.startsWith('$ ')) return { kind: 'commands' };
  return undefined;
}
