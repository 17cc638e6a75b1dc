// @ts-check
// docs/api: the reference of every public entry point, from the types and their comments, written by TypeDoc.
// Nothing that can be imported may be without a comment, lead nowhere, or name a type that cannot be imported.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Comment, ConsoleLogger, LogLevel, ReflectionKind } from 'typedoc';
import { load as markdown } from 'typedoc-plugin-markdown';

const root = new URL('../../', import.meta.url);
const packages = new URL('packages/', root);

/** Order of the index: what everybody needs comes first. */
const FIRST = ['core', 'conformance', 'cli'];

const INTRODUCTION = `# API reference

<!-- Written by \`npm run docs\` from packages/*/src; do not edit. -->

Everything that can be imported, with the comments of the sources. [The contract](../contract.md) has what a plugin's author
needs of it in reading order; the [guides](../guides/use-one-architecture.md) show it at work.

| import | what it is |
| --- | --- |
`;

/** What the entry points beside a package's own are for. */
const SUBPATHS = /** @type {Record<string, string>} */ ({
  capture: 'Captures and scenarios: reading them, and comparing a machine with a real kernel',
  captures: 'The kit on captures of real kernels',
  command: 'The command line of the kit, as a function',
  node: 'Dumps in files, with what Node has',
  random: 'The kit on random machines and lives',
  reference: 'The smallest plugin that keeps every clause, to read and to try the kit on',
});

/**
 * @typedef {{ specifier: string, description: string, file: string, path: string, source: string }} EntryPoint
 */

/** @returns {EntryPoint[]} what the packages export, the sources of it, and the name of its page */
function entryPoints() {
  const folders = readdirSync(packages).sort();
  return [...FIRST, ...folders.filter((name) => !FIRST.includes(name))].flatMap((folder) => {
    const { name, description, exports } = JSON.parse(
      readFileSync(new URL(`${folder}/package.json`, packages), 'utf8'),
    );
    return Object.entries(exports)
      .filter(([path]) => path !== './package.json')
      .map(([path, { '@vmemmap/source': source }]) => ({
        specifier: path === '.' ? name : `${name}/${path.slice(2)}`,
        description: path === '.' ? description : SUBPATHS[path.slice(2)],
        file: path === '.' ? folder : `${folder}-${path.slice(2).replaceAll('/', '-')}`,
        path: `${name}/${source.slice(2)}`,
        source: fileURLToPath(new URL(`${folder}/${source.slice(2)}`, packages)),
      }));
  });
}

/** Says what is wrong without colours, one line each. */
class Problems extends ConsoleLogger {
  /** @type {string[]} */
  list = [];

  /**
   * @param {string} message
   * @param {LogLevel} level
   */
  log(message, level) {
    if (level >= LogLevel.Warn) this.list.push(message);
  }
}

/**
 * Members of an object type without a name need no comment of their own where the comment above names them.
 * @param {import('typedoc').ProjectReflection} project
 * @returns {string[]} how TypeDoc's complaints about those begin
 */
function describedAbove(project) {
  return project
    .getReflectionsByKind(ReflectionKind.Property)
    .filter((member) => {
      let owner = member.parent;
      if (!owner?.kindOf(ReflectionKind.TypeLiteral)) return false;
      while (owner !== undefined && !owner.hasComment()) owner = owner.parent;
      const above = Comment.combineDisplayParts(owner?.comment?.summary ?? []);
      return new RegExp(`\\b${member.name}\\b`).test(above);
    })
    .map((member) => `${member.getFriendlyFullName()} (Property), `);
}

/**
 * @returns {Promise<Map<string, string>>} every file of docs/api with its text
 * @throws Error naming what has no comment, what is not exported, and links that lead nowhere
 */
export async function api() {
  const points = entryPoints();
  const out = mkdtempSync(join(tmpdir(), 'vmemmap-api-'));
  try {
    const app = await Application.bootstrapWithPlugins({
      entryPoints: points.map(({ source }) => source),
      tsconfig: fileURLToPath(new URL('typedoc.tsconfig.json', import.meta.url)),
      // @ts-expect-error TypeDoc takes functions too
      plugin: [markdown],
      packagesRequiringDocumentation: [...new Set(points.map(({ specifier }) => specifier.split('/', 2).join('/')))],
      validation: { notDocumented: true, notExported: true, invalidLink: true, rewrittenLink: true },
      logLevel: LogLevel.Warn,
      readme: 'none',
      disableSources: true,
      excludeExternals: true,
      excludePrivate: true,
      sort: ['source-order'],
    });
    const problems = new Problems();
    app.logger = problems;
    const set = (/** @type {string} */ name, /** @type {unknown} */ value) => app.options.setValue(name, value);
    set('outputFileStrategy', 'modules');
    set('entryFileName', 'README');
    set('hideBreadcrumbs', true);
    set('hidePageHeader', true);
    set('useCodeBlocks', true);
    set('parametersFormat', 'table');
    set('interfacePropertiesFormat', 'table');
    set('typeDeclarationFormat', 'table');
    const project = await app.convert();
    if (project === undefined || problems.list.length > 0) throw new Error(problems.list.join('\n'));
    for (const module of project.children ?? []) {
      const { packageName, packagePath } = project.getSymbolIdFromReflection(module) ?? {};
      const point = points.find(({ path }) => path === `${packageName}/${packagePath}`);
      if (point !== undefined) module.name = point.file;
    }
    app.validate(project);
    const described = describedAbove(project);
    const left = problems.list
      .map((text) => text.replace(/^\[warning\] /, ''))
      .filter((text) => !described.some((beginning) => text.startsWith(beginning)));
    if (left.length > 0) throw new Error([...new Set(left)].sort().join('\n'));
    await app.outputs.writeOutput({ name: 'markdown', path: out }, project);
    const files = new Map();
    const rows = [];
    for (const { specifier, file, description } of points) {
      const text = readFileSync(join(out, `${file}.md`), 'utf8');
      files.set(`${file}.md`, text);
      rows.push(`| [\`${specifier}\`](${file}.md) | ${description} |`);
    }
    files.set('README.md', `${INTRODUCTION}${rows.join('\n')}\n`);
    return files;
  } finally {
    rmSync(out, { recursive: true });
  }
}
