import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filledIn } from '../src/template.ts';

it('fills in texts and paths, takes templates only, and refuses a mark without a value', () => {
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  try {
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src/__name__.ts.template'), 'const <%- name %> = "<%- name %>";');
    writeFileSync(join(folder, 'notes.txt'), '<%- other %>');
    expect([...filledIn(folder, { name: 'demo' })]).toEqual([['src/demo.ts', 'const demo = "demo";']]);
    writeFileSync(join(folder, 'a.template'), '<%- other %>');
    expect(() => filledIn(folder, { name: 'demo' })).toThrow(/has no value for other/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
