import { type ArchPlugin, type ConfigField, hex } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { tableText } from '../output/table.ts';
import type { Session } from '../session.ts';

/** `vmemmap arches`: the plugins at hand. */
export const arches: Command<object> = {
  usage: 'arches',
  about: 'list the architectures, what they can do, and their configuration',
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

function pluginText({ arch, about, capabilities, config }: ArchPlugin, { colors }: Session): string {
  const rows = Object.entries(config).map(([key, field]) => [key, rangeText(field), defaultText(field), field.about]);
  const lines = [`${colors.bold(arch)}  ${about}`, `capabilities: ${capabilities.join(', ') || 'none'}`];
  if (rows.length > 0) lines.push(tableText(['key', 'values', 'default', 'about'], rows));
  return lines.join('\n');
}

function pluginJson({ arch, about, contract, capabilities, config }: ArchPlugin): object {
  const fields = Object.entries(config).map(([key, field]) => [key, { ...field, default: field.default ?? null }]);
  return { name: arch, about, contract, capabilities, config: Object.fromEntries(fields) };
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
