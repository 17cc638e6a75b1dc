import { expect, test } from 'vitest';
import { machineJsonSchema } from '../src/machine-source/machine-file.ts';

// `npm run schema` writes the file anew.
test('the published schema is that of the code', async () => {
  const text = JSON.stringify(machineJsonSchema(), null, 2)
    // Lists of words on one line, as the formatter has them.
    .replaceAll(/\[\s+("[^[\]{}]+")\s+\]/g, (_, words: string) => `[${words.replaceAll(/\s+/g, ' ')}]`);
  await expect(`${text}\n`).toMatchFileSnapshot('../schema/machine.schema.json');
});
