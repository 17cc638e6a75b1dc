import { scenarioJsonSchema } from '@vmemmap/core/capture';
import { expect, test } from 'vitest';

// `npm run schema` writes the file anew.
test('the published schema is that of the code', async () => {
  const text = JSON.stringify(scenarioJsonSchema(), null, 2)
    // Lists of words on one line, as the formatter has them.
    .replaceAll(/\[\s+("[^[\]{}]+")\s+\]/g, (_, words: string) => `[${words.replaceAll(/\s+/g, ' ')}]`);
  await expect(`${text}\n`).toMatchFileSnapshot('../schema/scenario.schema.json');
});
