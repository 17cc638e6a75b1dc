import { parseConfig } from '@vmemmap/conformance/command';

/**
 * Reads `--config` values: `key=value,key2,no-key3`. What a value means is the plugin's to say.
 * @throws VmemmapError `BAD_ARGUMENT`
 */
export function parseConfigOption(texts: readonly string[]): Record<string, string | boolean> {
  return parseConfig(texts, '@vmemmap/cli');
}
