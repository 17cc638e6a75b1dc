import { type ArchPlugin, defaultRelease, findRelease, type KernelRelease, VmemmapError } from '@vmemmap/core';
import type { Clause } from './clause.ts';
import { clauses as allClauses } from './clauses/index.ts';
import type { KnownFailure } from './known-failures.ts';

/** What to run. */
export interface ConformanceOptions<C extends object> {
  /** Configurations of the plugin; `variants` for all that it names itself. Default: its own default alone. */
  readonly configs?: readonly Partial<C>[] | 'variants';
  /** Releases to run on, by name. Default: core's default one alone. */
  readonly releases?: readonly string[];
  /** Default: all. */
  readonly clauses?: readonly Clause[];
  /** Clauses the plugin breaks on purpose, as the kernel does. Default: none. */
  readonly knownFailures?: readonly KnownFailure[];
}

/** The same with defaults filled in. */
export interface CompleteOptions {
  readonly configs: readonly Readonly<Record<string, unknown>>[];
  readonly releases: readonly KernelRelease[];
  readonly clauses: readonly Clause[];
  readonly knownFailures: readonly KnownFailure[];
}

const NAMES: readonly (keyof CompleteOptions)[] = ['configs', 'releases', 'clauses', 'knownFailures'];

/** What people of other kits look for, and where it is here. */
const INSTEAD: Readonly<Record<string, string>> = {
  config: 'give configs, a list',
  configurations: 'give configs, a list',
  variants: "give configs: 'variants'",
  release: 'give releases, a list',
  clause: 'give clauses, a list',
  only: 'give clauses, a list',
  skip: 'clauses are left out by what the plugin declares; else list them in knownFailures, with the reason',
  exclude: 'clauses are left out by what the plugin declares; else list them in knownFailures, with the reason',
  known: 'give knownFailures, a list',
  factory: 'pass the plugin itself; every clause makes a fresh architecture of it',
};

/**
 * @throws VmemmapError `BAD_ARGUMENT` for an option that there is not, or a known failure of no clause or no option;
 * `UNKNOWN_RELEASE` for a release that core does not know
 */
export function completeOptions<C extends object>(plugin: ArchPlugin, options: ConformanceOptions<C>): CompleteOptions {
  for (const name of Object.keys(options)) {
    if (NAMES.some((known) => known === name)) continue;
    wrong(`there is no option ${JSON.stringify(name)}; ${INSTEAD[name] ?? `options are ${NAMES.join(', ')}`}`);
  }
  const { configs = [{}], clauses = allClauses, knownFailures = [] } = options;
  const releases = (options.releases ?? [defaultRelease]).map(findRelease);
  for (const { clause, config = {}, release } of knownFailures) {
    if (release !== undefined) findRelease(release);
    if (!allClauses.some(({ id }) => id === clause) && !clauses.some(({ id }) => id === clause))
      wrong(`knownFailures names ${JSON.stringify(clause)}, which is no clause; ids are such as ${allClauses[0]!.id}`);
    const missing = Object.keys(config).find((key) => !Object.hasOwn(plugin.config, key));
    if (missing === undefined) continue;
    const options = Object.keys(plugin.config).join(', ') || 'none';
    wrong(
      `knownFailures: ${clause} is limited by ${JSON.stringify(missing)}, no option of ${plugin.arch}; there are ${options}`,
    );
  }
  const chosen = configs === 'variants' ? plugin.variants.map(({ config }) => config) : configs;
  return { configs: chosen as readonly Readonly<Record<string, unknown>>[], releases, clauses, knownFailures };
}

/**
 * Clauses by id: `MAP-1`, `ALT-*` for all of an area, `*` for all.
 * @param patterns each one or several, with commas between
 * @throws VmemmapError `BAD_ARGUMENT` for one that means no clause
 */
export function selectClauses(patterns: readonly string[], clauses: readonly Clause[] = allClauses): readonly Clause[] {
  const chosen = new Set<Clause>();
  for (const pattern of patterns.flatMap((text) => text.split(',')).map((text) => text.trim())) {
    const [before = '', ...after] = pattern.split('*');
    const found = clauses.filter(({ id }) =>
      after.length === 0 ? id === pattern : after.length === 1 && id.startsWith(before) && id.endsWith(after[0]!),
    );
    if (pattern === '' || found.length === 0)
      wrong(
        `${JSON.stringify(pattern)} means no clause; write an id such as ${allClauses[0]!.id}, or MAP-* for an area`,
      );
    for (const clause of found) chosen.add(clause);
  }
  return clauses.filter((clause) => chosen.has(clause));
}

function wrong(what: string): never {
  throw new VmemmapError('BAD_ARGUMENT', what, '@vmemmap/conformance');
}
