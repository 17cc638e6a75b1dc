import {
  type ArchException,
  type ArchPlugin,
  type Capability,
  type ConfigField,
  defaultRelease,
  findRelease,
  hex,
  type MemoryModel,
  type Without,
  whyNotOptimizable,
} from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { tableText } from '../output/table.ts';
import { guarded } from '../plugins.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';

/** `vmemmap arches`: the plugins at hand. */
export const arches: Command<object> = {
  usage: 'arches',
  about: 'list the architectures, what they can do and do otherwise, and their configurations',
  examples: [
    ['arches', 'names for --arch, keys for --config'],
    ['arches --plugin ./my-arch.js', 'with one of your own'],
  ],
  options: {},

  run(_args: object, session: Session): number {
    const { plugins } = session.registry;
    if (session.json) session.printJson({ arches: plugins.map(pluginJson) });
    else session.print(plugins.map((plugin) => pluginText(plugin, session)).join('\n\n'));
    return EXIT.ok;
  },
};

function pluginText(plugin: ArchPlugin, { colors }: Session): string {
  const { arch, about, capabilities, config } = plugin;
  const rows = Object.entries(config).map(([key, field]) => [key, rangeText(field), defaultText(field), field.about]);
  const lines = [`${colors.bold(arch)}  ${about}`, `capabilities: ${capabilities.join(', ') || 'none'}`];
  const described = variants(plugin);
  const exceptions = new Map(described.flatMap((one) => one.exceptions.map(({ name, why }) => [name, why])));
  for (const [name, why] of exceptions) lines.push(`exception: ${name}: ${why}`);
  for (const [name, why] of Object.entries(described[0]?.without ?? {})) lines.push(`without: ${name}: ${why}`);
  if (rows.length > 0) lines.push(tableText(['key', 'values', 'default', 'about'], rows));
  lines.push(
    tableText(
      ['configuration', 'about', 'pages', 'sections', 'huge pages', 'without'],
      described.map((one) => variantRow(one, capabilities)),
    ),
  );
  for (const why of silent(described)) lines.push(`HVO is off: ${why}`);
  return lines.join('\n');
}

// Why huge pages keep their struct pages although the architecture would optimise them, each reason once.
function silent(described: readonly Variant[]): readonly string[] {
  const where = new Map<string, string[]>();
  for (const { config, hugePages, capabilities } of described) {
    if (!capabilities.includes('optimize-hugetlb-vmemmap')) continue;
    for (const { size, inert } of hugePages) {
      if (inert !== null)
        where.set(inert, [...(where.get(inert) ?? []), `${sizeText(size)} with ${configText(config)}`]);
    }
  }
  return [...where].map(([why, places]) => `${why} (${places.join('; ')})`);
}

/** One configuration of a plugin, with what it makes of the architecture. */
interface Variant {
  readonly about: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly exceptions: readonly ArchException[];
  /** Why capabilities that others have are missing. */
  readonly without: Without;
  /** Sizes of HugeTLB pages, and why their struct pages stay as they are, where they do. */
  readonly hugePages: readonly { readonly size: number; readonly inert: string | null }[];
}

function variants(plugin: ArchPlugin): readonly Variant[] {
  return plugin.variants.map(({ about, config }) => {
    const arch = guarded(plugin, () => plugin(config));
    const { capabilities, exceptions = [], without = {}, hugePageSizes = [] } = arch;
    const model = arch.modelOn?.(findRelease(defaultRelease)) ?? arch.model;
    const hugePages = hugePageSizes.map((size) => ({ size, inert: whyNotOptimizable(arch, model, size) ?? null }));
    return { about, config, model, capabilities, exceptions, without, hugePages };
  });
}

function variantRow(
  { about, config, model, capabilities, hugePages }: Variant,
  all: readonly Capability[],
): readonly string[] {
  return [
    configText(config),
    about,
    sizeText(2 ** model.pageShift),
    sizeText(2 ** model.sectionSizeBits),
    hugePages.map(({ size, inert }) => `${sizeText(size)}${inert === null ? ' (HVO)' : ''}`).join(', ') || '-',
    all.filter((capability) => !capabilities.includes(capability)).join(', ') || '-',
  ];
}

function configText(config: Variant['config']): string {
  const keys = Object.entries(config).map(([key, value]) => `${key}=${typeof value === 'bigint' ? hex(value) : value}`);
  return keys.join(',') || 'default';
}

function pluginJson(plugin: ArchPlugin): object {
  const { arch, about, contract, capabilities, config } = plugin;
  const fields = Object.entries(config).map(([key, field]) => [key, { ...field, default: field.default ?? null }]);
  return { name: arch, about, contract, capabilities, config: Object.fromEntries(fields), variants: variants(plugin) };
}

function rangeText(field: ConfigField): string {
  switch (field.type) {
    case 'boolean':
      return 'true, false';
    case 'number':
      return field.oneOf?.join(', ') ?? `${field.min} to ${field.max}`;
    case 'choice':
      return field.oneOf.join(', ');
    case 'address':
      return `multiple of ${hex(field.align)}`;
  }
}

function defaultText({ default: value }: ConfigField): string {
  if (value === undefined) return '-';
  return typeof value === 'bigint' ? hex(value) : String(value);
}
