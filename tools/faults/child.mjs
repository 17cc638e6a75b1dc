// @ts-check
// A process in which one built file has other contents.
import { register } from 'node:module';

process.once('message', async (/** @type {any} */ { plugin, config, url, source }) => {
  register('./hooks.mjs', import.meta.url, { data: { url, source } });
  const { plugins } = await import('@vmemmap/plugins');
  const { runConformance } = await import('@vmemmap/conformance');
  const found = (await plugins()).find(({ arch }) => arch === plugin);
  if (found === undefined) throw new Error(`faults: no plugin ${plugin}`);
  const { results } = runConformance(found, { configs: [config] });
  const failed = results.filter(({ kind }) => kind === 'failed').map(({ clause }) => clause.id);
  process.send?.(failed, () => process.disconnect());
});
