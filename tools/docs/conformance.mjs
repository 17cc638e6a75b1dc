// @ts-check
// docs/conformance.md, from the clauses of the kit.
import { clauses, invariants } from '@vmemmap/conformance';
import { EXCEPTIONS } from '@vmemmap/core';

const INTRODUCTION = `# The clauses

<!-- Written by \`npm run docs\` from packages/conformance/src; do not edit. -->

What every architecture plugin must do, each with the kernel function or the real bug behind it. Ids never change, and
none is used again for something else. [The kit](../packages/conformance/README.md) checks them all.

\`required\` clauses are the contract: memory is corrupted or lost without them. \`recommended\` ones are kept by the
generic code and by most architectures, while some real one breaks them. Both fail a run; what an architecture really does
otherwise is declared as an exception, or listed as a known failure.

A clause asks for nothing but what the plugin declares. Where it says "needs", the clause is left out unless these
capabilities are declared.`;

const EXCEPTIONS_TEXT = `## Exceptions

Some real architectures do otherwise than the generic contract. A plugin declares that by name, with the kernel's file and
function, in \`VmemmapArch.exceptions\`; the ordinary clause is then left out, and another one tests what is declared.

| exception | leaves out | tested by |
| --- | --- | --- |
`;

const INVARIANTS_TEXT = `## Invariants

What must hold of the vmemmap of any memory map, and which clauses a plugin that breaks it fails.

| what must hold | clauses |
| --- | --- |
`;

/** @typedef {import('@vmemmap/conformance').Clause} Clause */

/** @param {readonly string[]} ids */
const links = (ids) => ids.map((id) => `[${id}](#${id.toLowerCase()})`).join(', ');

/** @param {readonly string[]} names */
const code = (names) => names.map((name) => `\`${name}\``).join(', ');

/** @param {string} exception */
const leftOutBy = (exception) => clauses.filter(({ exceptions = [] }) => exceptions.some((one) => one === exception));

/** @param {string} exception */
const testing = (exception) => clauses.filter(({ declared }) => declared === exception);

/** @param {readonly Clause[]} list */
const idsOf = (list) => list.map(({ id }) => id);

/** @param {Clause} clause */
function conditions({ needs = [], exceptions = [], declared, when }) {
  return [
    ...(needs.length === 0 ? [] : [`needs ${code(needs)}`]),
    ...(when === undefined ? [] : [`only where ${when.text}`]),
    ...(declared === undefined ? [] : [`only with the exception \`${declared}\``]),
    ...exceptions.map((exception) => {
      const instead = links(idsOf(testing(exception)));
      return `not with the exception \`${exception}\`${instead === '' ? '' : `: ${instead} instead`}`;
    }),
  ].join('; ');
}

/** @param {Clause} clause */
function clauseText(clause) {
  const { id, level, title, why } = clause;
  const where = conditions(clause);
  const held = invariants.filter((invariant) => invariant.clauses.includes(id)).map(({ holds }) => holds);
  return [
    `### ${id}\n\n${level}: ${title}.\n`,
    `- why: ${why}`,
    ...(where === '' ? [] : [`- where: ${where}`]),
    ...held.map((sentence) => `- holds: ${sentence}`),
  ].join('\n');
}

/** The text of docs/conformance.md. */
export function conformance() {
  const areas = [...new Set(clauses.map(({ area }) => area))];
  const counts = areas.map((area) => {
    const ids = idsOf(clauses.filter((clause) => clause.area === area));
    return `| ${area} | ${links(ids)} |`;
  });
  const parts = [
    INTRODUCTION,
    `| area | clauses |\n| --- | --- |\n${counts.join('\n')}`,
    ...areas.flatMap((area) => [
      `## ${area.charAt(0).toUpperCase()}${area.slice(1)}`,
      ...clauses.filter((clause) => clause.area === area).map(clauseText),
    ]),
    EXCEPTIONS_TEXT +
      EXCEPTIONS.map(
        (name) => `| \`${name}\` | ${links(idsOf(leftOutBy(name)))} | ${links(idsOf(testing(name)))} |`,
      ).join('\n'),
    INVARIANTS_TEXT +
      invariants
        .map(
          ({ holds, clauses: ids, because }) =>
            `| ${holds} | ${ids.length > 0 ? links(ids) : `no plugin can break it: ${because}`} |`,
        )
        .join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}
