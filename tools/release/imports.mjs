// @ts-check
// What the published files import, against what their package.json declares. Types count as much as code.
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

/**
 * Packages that a file imports, built-ins of Node as `node:`.
 * @param {string} file
 * @returns {Set<string>}
 */
function importedPackages(file) {
  const source = readFileSync(file, 'utf8');
  const lang = file.endsWith('.d.ts') ? 'dts' : 'js';
  const { module, program } = parseSync(file, source, { lang, sourceType: 'module' });
  /** @type {string[]} */
  const ofTypes = [];
  new Visitor({ TSImportType: (node) => ofTypes.push(node.source.value) }).visit(program);
  const specifiers = [
    ...ofTypes,
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    // A specifier that is worked out at run time is the user's, not ours.
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
      const text = source.slice(start, end);
      return /^(['"])[^'"]+\1$/.test(text) ? text.slice(1, -1) : [];
    }),
  ];
  const packages = specifiers
    .filter((specifier) => !specifier.startsWith('.'))
    .map((specifier) => {
      if (isBuiltin(specifier)) return 'node:';
      return specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
    });
  return new Set(packages);
}

/** @param {import('./pack.mjs').Packed[]} packed */
export async function dependencies(packed) {
  const wrong = [];
  let scanned = 0;
  for (const { name, folder, files, manifest } of packed) {
    const code = files.filter(
      (file) => /\.(?:js|mjs|d\.ts)$/.test(file) && !file.startsWith('src/') && !isTemplate(file),
    );
    scanned += code.length;
    const imported = new Set(code.flatMap((file) => [...importedPackages(join(folder, file))]));
    imported.delete('node:');
    imported.delete(name);
    const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
    for (const one of imported) if (!declared.has(one)) wrong.push(`${name} imports ${one} and does not declare it`);
    for (const one of declared)
      if (!isUsed(one, imported)) wrong.push(`${name} declares ${one} and does not import it`);
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return { says: `${scanned} published files import what is declared, all of it and no more`, value: true };
}

/** @param {string} file what a package copies for its user, not what it runs */
const isTemplate = (file) => file.startsWith('template');

/**
 * Types of a package are used by importing what they describe, or by the globals that Node's bring.
 * @param {string} declared
 * @param {Set<string>} imported
 */
const isUsed = (declared, imported) => imported.has(declared) || declared.startsWith('@types/');
