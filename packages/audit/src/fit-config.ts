// What neither VMCOREINFO nor the kernel's tables say of a configuration, the entries do.
import {
  type ArchPlugin,
  boot,
  type DirectMapping,
  isVmemmapError,
  sectionMapMask,
  toU64,
  type VmemmapArch,
} from '@vmemmap/core';
import type { DumpContext } from './dump-context.ts';
import { kernelFlags } from './kernel-flags.ts';
import type { DumpSection } from './sections.ts';
import { readWindow } from './window-map.ts';

/** A configuration as keys and values. */
export type ConfigChoice = Readonly<Record<string, unknown>>;

/** What a configuration is held against, beside the tables. */
export interface Evidence {
  /** Sections that are present. */
  readonly sections: readonly DumpSection[];
  /** What maps the window where no tables do. */
  readonly mappings: readonly DirectMapping[];
}

/** What there is to try: an architecture in a configuration, attached to the dump. */
export interface Candidate {
  readonly config: ConfigChoice;
  readonly arch: VmemmapArch;
  readonly context: DumpContext;
}

/**
 * What would not be so in this configuration: leaves that the kernel would have written with other bits, huge pages that
 * it does not have, or none where it has them, sections whose struct pages are somewhere else.
 */
function misfits({ arch, context }: Omit<Candidate, 'config'>, { sections, mappings }: Evidence): number {
  const { ops, tables, window } = context;
  const format = ops.pageTable?.format;
  // Without tables there are no entries: how much one mapping maps is all there is to see.
  if (format === undefined) {
    const machine = boot({ arch, release: context.release, memory: { ranges: context.memory.ranges } });
    const [leaf] = machine.leaves();
    return mappings.length === 0 || BigInt(leaf?.size ?? 0) === mappings[0]!.bytes ? 0 : 1;
  }
  const { leaves, odd } = readWindow(ops, tables, window);
  const known = kernelFlags(context);
  const base = BigInt.asUintN(64, window.base);
  const mask = sectionMapMask(context.release);
  let wrong = odd.length + sections.filter(({ raw }) => (raw & mask) !== base).length;
  if (leaves.count === 0) return wrong + sections.length + 1;
  let huge = 0;
  for (let n = 0; n < leaves.count; n++) {
    const level = leaves.level[n]!;
    if (level === format.pmdLevel) huge++;
    const of = known[level]!;
    if (!of.includes(toU64(leaves.flagsLo[n]!, leaves.flagsHi[n]!))) wrong++;
  }
  const hasHuge = arch.capabilities.includes('huge-pages');
  return hasHuge === huge > 0 ? wrong : wrong + leaves.count;
}

/**
 * The candidate that fits best, changing keys that are on or off, or one of few, and nobody knows: one at a time, or two
 * where one alone is refused. The first stays unless another fits strictly better.
 */
export function fitConfig(
  plugin: ArchPlugin,
  first: Candidate,
  fixed: ReadonlySet<string>,
  evidence: Evidence,
  attach: (arch: VmemmapArch, config: ConfigChoice) => DumpContext,
): Candidate {
  const keys = Object.entries(plugin.config).flatMap(([key, field]): { key: string; values: readonly unknown[] }[] => {
    if (fixed.has(key)) return [];
    if (field.type === 'boolean') return [{ key, values: [true, false] }];
    return 'oneOf' in field && field.oneOf !== undefined ? [{ key, values: [...field.oneOf] }] : [];
  });
  const of = (config: ConfigChoice): Candidate | undefined => {
    try {
      const arch = (plugin as (config: ConfigChoice) => VmemmapArch)(config);
      return { config, arch, context: attach(arch, config) };
    } catch (error) {
      if (isVmemmapError(error)) return undefined;
      throw error;
    }
  };
  let best = first;
  let least = misfits(first, evidence);
  for (let better = true; better && least > 0; ) {
    better = false;
    for (const { key, values } of keys) {
      for (const value of values) {
        if (best.arch.config[key] === value) continue;
        const config = { ...best.config, [key]: value };
        const others = keys.filter((other) => other.key !== key);
        const candidates = [of(config)];
        if (candidates[0] === undefined)
          candidates.push(
            ...others.flatMap((other) => other.values.map((second) => of({ ...config, [other.key]: second }))),
          );
        for (const candidate of candidates) {
          if (candidate === undefined) continue;
          const wrong = misfits(candidate, evidence);
          if (wrong >= least) continue;
          best = candidate;
          least = wrong;
          better = true;
        }
      }
    }
  }
  return best;
}
