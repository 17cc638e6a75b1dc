import { type ArchPlugin, checkPlugin, findRelease } from '@vmemmap/core';
import type { TestRunner } from '../mount.ts';
import { type FreshOptions, type Subject, subjectOf } from '../subject.ts';
import { checkEntry, checkWalk } from './check.ts';

interface Known<C extends object> {
  /** Where it is known from, or what is peculiar to it. */
  readonly what: string;
  /** Options of the plugin. Default: its own defaults. */
  readonly config?: Readonly<Partial<C>>;
  /** By name. Default: the default release. */
  readonly release?: string;
}

/** The entries that lead to the first struct page of a section, from the top level down. */
export interface KernelWalk<C extends object> extends Known<C> {
  /** A section of boot, or one that is added later, far away from the others. Default `boot`. */
  readonly of?: 'boot' | 'added';
  /** Allocations that fail, as of a machine. Default: none. */
  readonly failures?: FreshOptions['failures'];
  /** Each in hex, its address left out. */
  readonly walk: readonly string[];
}

/** An entry, and what it is made for. */
export interface KernelEntry<C extends object> extends Known<C> {
  /** Name of the level. */
  readonly level: string;
  /** Whether it points to a table or maps memory. */
  readonly kind: 'table' | 'leaf';
  /** Where the table or the memory lies: physical, in bytes. */
  readonly pa: number;
  /** In hex. */
  readonly entry: string;
}

/** What is known of a kernel's entries. */
export interface KernelEntries<C extends object> {
  /** What stands in the tables of a machine. Default: none. */
  readonly walks?: readonly KernelWalk<C>[];
  /** What is written for an address. Default: none. */
  readonly entries?: readonly KernelEntry<C>[];
}

/**
 * Makes a test of every entry that is known from a kernel's memory or source: what a machine has in its tables, less the
 * addresses, and what is written for an address. Entries are compared whole, with bits that have no name.
 * @throws VmemmapError `UNKNOWN_RELEASE` for a release that there is not
 */
export function mountKernelEntries<C extends object>(
  { describe, it }: TestRunner,
  plugin: ArchPlugin<C>,
  { walks = [], entries = [] }: KernelEntries<C>,
): void {
  const checked = checkPlugin(plugin);
  const subjectFor = ({ config, release }: Known<C>): Subject =>
    subjectOf(checked, config, ...(release === undefined ? [] : ([findRelease(release)] as const)));
  describe(`entries of ${checked.arch}`, () => {
    for (const [kind, known, check] of [
      ...walks.map((walk) => ['walk', walk, (subject: Subject) => checkWalk(subject, walk)] as const),
      ...entries.map((entry) => ['entry', entry, (subject: Subject) => checkEntry(subject, entry)] as const),
    ]) {
      const subject = subjectFor(known);
      it(`${known.what}, ${subject.label}: the ${kind} is the kernel's`, () => check(subject));
    }
  });
}
