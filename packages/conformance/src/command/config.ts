import { VmemmapError } from '@vmemmap/core';

/**
 * Reads configurations of a command line: `key=value,key2,no-key3`. What a value means is the plugin's to say.
 * @param from the package whose command asks
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseConfig(texts: readonly string[], from: string): Record<string, string | boolean> {
  const entries: [string, string | boolean][] = [];
  for (const part of texts.flatMap((text) => text.split(','))) {
    const equals = part.indexOf('=');
    const key = equals < 0 ? part : part.slice(0, equals);
    if (key === '') {
      throw new VmemmapError(
        'BAD_ARGUMENT',
        `--config: ${JSON.stringify(part)} names no key; write key=value, key or no-key`,
        from,
      );
    }
    if (equals >= 0) entries.push([key, part.slice(equals + 1)]);
    else if (key.startsWith('no-')) entries.push([key.slice('no-'.length), false]);
    else entries.push([key, true]);
  }
  const keys = entries.map(([key]) => key);
  const repeated = keys.find((key, n) => keys.indexOf(key) < n);
  if (repeated !== undefined) {
    throw new VmemmapError('BAD_ARGUMENT', `--config: ${repeated} is given more than once; choose one`, from);
  }
  return Object.fromEntries(entries);
}
