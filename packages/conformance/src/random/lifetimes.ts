import { type ArchPlugin, checkPlugin, type KernelRelease, releases } from '@vmemmap/core';
import fc from 'fast-check';
import type { TestRunner } from '../mount.ts';
import { type Subject, subjectOf } from '../subject.ts';
import { type Deed, givesBack, holdings, Lifetime } from './lifetime.ts';
import { mustHold, mustPass, type Replay } from './property.ts';

/** How {@link mountRandomLives} goes about it. */
export interface LifeOptions<C extends object> extends Replay {
  /** Configurations of the plugin. Default: its variants. */
  readonly configs?: readonly Partial<C>[];
  /** Lives per configuration. Default 12. */
  readonly lives?: number;
  /** Bytes that stay in pages which the architecture keeps for later, as powerpc's page fragments. Default 0. */
  readonly keeps?: number;
  /**
   * Bytes that may stay on a release for each allocation that failed, as powerpc's base pages before a section, where no
   * block could be had. Default: none.
   */
  readonly keepsPerFailure?: (release: KernelRelease) => number;
}

/** What stays when all is undone, in bytes. */
type Kept = Required<Pick<LifeOptions<object>, 'keeps' | 'keepsPerFailure'>>;

/** Deeds of one life at most. */
const DEEDS = 14;
/** Allocations up to which each is made to fail once. */
const ALLOCATIONS = 40;

const KINDS: readonly Deed['kind'][] = [
  'add',
  'remove',
  'add-pages',
  'remove-pages',
  'remap',
  'unmap',
  'optimize',
  'restore',
];

/**
 * Makes property tests of machines that live: memory comes and goes, in blocks, in subsections and with devices, huge pages
 * are optimised and restored, allocations fail. After each step everything is in its place; when all is undone the
 * machine has what it had, but for what the kernel itself leaves. A failure has the seed, the smallest
 * machine and the steps.
 */
export function mountRandomLives<C extends object>(
  { describe, it }: TestRunner,
  plugin: ArchPlugin<C>,
  options: LifeOptions<C> = {},
): void {
  const checked = checkPlugin(plugin);
  const {
    configs = checked.variants.map(({ config }) => config),
    lives = 12,
    keeps = 0,
    keepsPerFailure = () => 0,
  } = options;
  const kept = { keeps, keepsPerFailure };
  for (const config of configs as readonly Readonly<Record<string, unknown>>[]) {
    const subject = subjectOf(checked, config);
    describe(`random lives of ${subject.label}`, () => {
      it('keep every struct page in its place, and give back what they took', () =>
        anyLife(subject, lives, kept, options));
      it('bear the failure of any allocation', () => anyFailure(subject, kept));
    });
  }
}

function deed(subject: Subject, fails: boolean): fc.Arbitrary<Deed> {
  const kinds = subject.has('memory-hotplug') ? KINDS : KINDS.slice(-2);
  return fc.record({
    kind: fc.constantFrom(...kinds),
    place: fc.nat(7),
    shape: fc.nat(255),
    fail: fails
      ? fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(12) })
      : fc.constant(0),
  });
}

const LIVES = { name: 'random lives', expected: 'every struct page in its place, and all back in the end' } as const;

function anyLife(subject: Subject, numRuns: number, kept: Kept, replay: Replay): void {
  const examples = fc.record({
    release: fc.constantFrom(...releases),
    deeds: fc.array(deed(subject, true), { maxLength: DEEDS }),
  });
  mustHold(
    subject,
    { ...LIVES, examples, numRuns, check: ({ release, deeds }) => live(subject, release, deeds, kept) },
    replay,
  );
}

// One of everything, and each allocation of it fails once: the n-th of every step.
function anyFailure(subject: Subject, kept: Kept): void {
  const kinds = subject.has('memory-hotplug') ? KINDS : KINDS.slice(-2);
  for (let fail = 1; fail <= ALLOCATIONS; fail++) {
    const release = releases[fail % releases.length]!;
    const deeds = kinds.flatMap((kind) => [
      { kind, place: fail, shape: fail * 7, fail },
      { kind, place: fail, shape: 1, fail: 0 },
    ]);
    mustPass(subject, LIVES, () => live(subject, release, deeds, kept));
  }
}

function live(subject: Subject, release: KernelRelease, deeds: readonly Deed[], kept: Kept): void {
  const life = new Lifetime(subject, release);
  const before = holdings(life);
  for (const each of deeds) life.do(each);
  life.undo();
  if (life.leaked) return;
  const after = holdings(life);
  // Before patch 1 of the series a failed addition is taken off the counters although it was never added.
  const miscounts = release.memmapAccounting === 'on-success' && life.refused;
  // Pages of boot that were given up and replaced count as added since: together they are as many.
  if (!miscounts && after.hot + after.boot !== before.hot + before.boot)
    throw new Error(counted(after.hot + after.boot, before.hot + before.boot));
  if (!givesBack(life)) return;
  const missing = before.free - after.free;
  if (missing < 0 || missing > kept.keeps + life.failed * kept.keepsPerFailure(release))
    throw new Error(`${missing} bytes of RAM are missing when all is undone`);
}

function counted(after: number, before: number): string {
  return `the counters come to ${after} pages when all is undone, and to ${before} before`;
}
