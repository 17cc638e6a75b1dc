import { Refusal } from './refusal.ts';

/** Words that cannot name what the package exports, and `vmemmap`, with which its classes would hide those of core. */
const TAKEN = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public ' +
    'return static super switch this throw true try typeof undefined var void while with yield capabilities fields vmemmap'
  ).split(' '),
);

/**
 * An architecture's name as the kernel's arch/ folder spells it: lower-case letters and digits, a letter first.
 * @throws Refusal when it is no such name
 */
export function archName(text: string): string {
  if (!/^[a-z][a-z0-9]*$/.test(text))
    throw new Refusal(
      `${JSON.stringify(text)} is no architecture name: use lower-case letters and digits, a letter first`,
    );
  if (TAKEN.has(text))
    throw new Refusal(`${JSON.stringify(text)} cannot be exported by that name: choose another, such as my${text}`);
  return text;
}
