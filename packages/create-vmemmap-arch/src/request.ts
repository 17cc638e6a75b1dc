import { parseArgs } from 'node:util';
import { archName } from './arch-name.ts';
import { Refusal } from './refusal.ts';

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'create'; readonly name: string };

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/**
 * Reads the command line.
 * @throws Refusal for an option that there is not, and without just one good name
 */
export function parseRequest(args: readonly string[]): Request {
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(options, token.name)) throw new Refusal(`there is no option ${token.rawName}: see --help`);
    if (token.value !== undefined) throw new Refusal(`${token.rawName} takes no value: see --help`);
  }
  const asked = (name: string): boolean => tokens.some((token) => token.kind === 'option' && token.name === name);
  if (asked('help')) return { kind: 'help' };
  if (asked('version')) return { kind: 'version' };
  const names = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw new Refusal('give one name, that of the architecture, such as: npm create vmemmap-arch mips64');
  return { kind: 'create', name: archName(name) };
}
