import { type KernelRelease, type VmemmapArch, VmemmapError } from '@vmemmap/core';
import type { Clause } from './clause.ts';
import { clauses as allClauses } from './clauses/index.ts';

/** A clause that an architecture is known to break, with the reason. It must go on failing, or the list is out of date. */
export interface KnownFailure {
  /** Id of the clause. */
  readonly clause: string;
  /** Only in configurations with these values, defaults filled in; text stands for the value it spells. Default: in all. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Only on this release. Default: on all. */
  readonly release?: string;
  /** Why: what the kernel does there, and where. */
  readonly why: string;
}

/** Where a clause is checked. */
interface KnownIn {
  readonly arch: Pick<VmemmapArch, 'config'>;
  readonly release: Pick<KernelRelease, 'name'>;
}

/** The entry that speaks of a clause, a configuration and a release. */
export function findKnownFailure(
  known: readonly KnownFailure[],
  clause: Clause,
  { arch, release }: KnownIn,
): KnownFailure | undefined {
  return known.find(
    (entry) =>
      entry.clause === clause.id &&
      (entry.release ?? release.name) === release.name &&
      Object.entries(entry.config ?? {}).every(([key, value]) => means(arch.config[key], value)),
  );
}

function means(actual: unknown, wanted: unknown): boolean {
  if (actual === wanted) return true;
  if (typeof wanted !== 'string' || wanted.trim() === '') return false;
  if (typeof actual === 'number') return Number(wanted) === actual;
  if (typeof actual === 'bigint') return /^(0x[\da-f]+|\d+)$/i.test(wanted) && BigInt(wanted) === actual;
  return String(actual) === wanted;
}

const ENTRY = /^(?<clause>[^\s#[]+)\s*(?:\[(?<config>[^\]]*)\])?\s*(?:#\s*(?<why>.*))?$/;

/**
 * Reads a list of known failures, one on a line, with the reason as its comment:
 * `FREE-7 [pageSize=65536, release=6.12]  # arch/mine/mm/init.c keeps empty tables`. Lines that begin with `#` are
 * comments.
 * @param source what to call it in an error: a file's name
 * @throws VmemmapError `BAD_FORMAT`, in one line, with the line's number
 */
export function parseKnownFailures(text: string, source: string): readonly KnownFailure[] {
  const known: KnownFailure[] = [];
  const seen = new Set<string>();
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const wrong = (what: string): never => {
      throw new VmemmapError('BAD_FORMAT', `${source}:${index + 1}: ${what}`, '@vmemmap/conformance');
    };
    const { clause, config, why = '' } = ENTRY.exec(line)?.groups ?? {};
    if (clause === undefined) return wrong('write ID [key=value]  # reason, such as FREE-7  # keeps empty tables');
    if (!allClauses.some(({ id }) => id === clause))
      wrong(`${JSON.stringify(clause)} is no clause; ids are such as ${allClauses[0]!.id}`);
    if (why.trim() === '') wrong(`${clause} has no reason; write it after #`);
    const { release, ...values } = config === undefined ? {} : parseCondition(config, wrong);
    const limited = Object.keys(values).length > 0;
    const key = `${clause} ${release} ${JSON.stringify(values)}`;
    if (seen.has(key)) wrong(`${clause} is there twice; keep one`);
    seen.add(key);
    known.push({
      clause,
      why: why.trim(),
      ...(limited && { config: values }),
      ...(release !== undefined && { release }),
    });
  }
  return known;
}

function parseCondition(text: string, wrong: (what: string) => never): Readonly<Record<string, string>> {
  const entries = text.split(',').map((part) => part.split('=').map((side) => side.trim()));
  for (const sides of entries) {
    if (sides.length !== 2 || sides.includes('')) wrong(`[${text}] must be [key=value] or [key=value, key=value]`);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}
