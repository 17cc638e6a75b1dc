import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { clauses } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';

const file = (name: string): string => fileURLToPath(new URL(`./node-test/${name}`, import.meta.url));

function runUnderNodeTest(...knownFailures: readonly string[]): { status: number | null; tap: string } {
  const options = ['--import', file('register.mjs'), '--conditions=@vmemmap/source', '--test-reporter=tap'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...options, file('kit.mjs'), ...knownFailures], {
    encoding: 'utf8',
  });
  return { status, tap: stdout + stderr };
}

describe('under node:test', () => {
  it('every clause that applies is a test that passes', () => {
    const { status, tap } = runUnderNodeTest();
    const arch = reference();
    const applying = clauses.filter((clause) => clause.applies(arch)).length;
    expect(applying).toBeGreaterThan(50);
    expect(tap).toContain(`# pass ${applying}\n`);
    expect(tap).toContain('ok 1 - [CON-1] reference: ');
    expect(status).toBe(0);
  });

  it('a known failure that passes makes the run fail', () => {
    const { status, tap } = runUnderNodeTest('MAP-4');
    expect(tap).toContain('MAP-4: holds, but is listed as a known failure');
    expect(tap).toContain('# fail 1\n');
    expect(status).toBe(1);
  });
});
