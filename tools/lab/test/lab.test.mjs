// @ts-check
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LAB = fileURLToPath(new URL('../lab.mjs', import.meta.url));
const FAKE = fileURLToPath(new URL('fake-qemu.mjs', import.meta.url));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * @param {string[]} args
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
function lab(...args) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [LAB, ...args, '--cache', folder], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/**
 * A program in place of QEMU.
 * @param {string} text of the shell
 */
function instead(text) {
  writeFileSync(join(folder, 'qemu-system-x86_64'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const file = join(folder, 'file');
  writeFileSync(file, '');
  return ['x86', '--qemu', folder, '--kernel', file, '--busybox', file];
}

describe('the lab', () => {
  it('explains what it needs', async () => {
    const { code, stdout } = await lab('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Needs, on a Debian host \(root is not needed\)/);
  });

  it('says in one line which package is missing', async () => {
    expect(await lab('s390', '--qemu', folder)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'lab: qemu-system-s390x is missing: install the package qemu-system-s390x, or name a folder that has it with --qemu\n',
    });
  });

  it.each([
    [['x86', '--memory', 'much'], /--memory needs a size/],
    [['sparc'], /Invalid values/],
    [[], /Not enough non-option arguments/],
    [['x86', '--colour'], /Unknown argument: colour/],
    [['x86', '--ask', '0'], /--ask needs a whole number/],
    [['x86', '--kernel', 'k', '--pmem', '1G'], /--pmem needs the modules/],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stdout, stderr } = await lab(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('stops the guest in the kernel, asks for struct pages, and dumps its memory', async () => {
    const { code, stdout, stderr } = await lab(
      ...instead(`exec "${process.execPath}" "${FAKE}" "$@"`),
      ...['--memory', '256M', '--hotplug', '512M', '--run', 'echo done', '--format', 'kdump-zlib', '--no-audit'],
      ...['--json', '--out', join(folder, 'out')],
    );
    expect(stderr).toMatch(/QEMU's MMU maps 6 of 6 struct pages\n/);
    expect(code).toBe(0);
    const { gva2gpa, dumps, vmcoreinfo, steps, iomem } = JSON.parse(stdout);
    expect(gva2gpa).toHaveLength(6);
    expect(gva2gpa[0]).toEqual({ pfn: '0x0', va: '0xffffea0000000000', gpa: '0x1234000' });
    expect(vmcoreinfo).toMatchObject({ address: '0x1000', size: 0x1024 });
    expect(vmcoreinfo.text).toMatch(/^OSRELEASE=7\.2\n/);
    expect(iomem).toEqual(['00000000-0fffffff : System RAM']);
    expect(steps.slice(1)).toEqual([
      expect.objectContaining({ blockBytes: 2 ** 27, online: 12 }),
      { guest: 'echo done', output: 'echo done' },
    ]);
    expect(dumps.map((/** @type {string} */ file) => readFileSync(file, 'utf8'))).toEqual(['kdump-zlib']);
    expect(readFileSync(join(folder, 'out', 'x86.console'), 'utf8')).toContain('<lab ready>');
  });

  it('says which command failed in the guest', async () => {
    const { code, stderr } = await lab(...instead(`exec "${process.execPath}" "${FAKE}" "$@"`), '--run', 'false');
    expect(code).toBe(2);
    expect(stderr).toMatch(/lab: "false" failed in the guest \(1\): false\n$/);
  });

  it('says why QEMU did not start', async () => {
    const { code, stderr } = await lab(...instead('echo "qemu: invalid machine" >&2; exit 1'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/lab: QEMU ended: qemu: invalid machine\n$/);
  });
});
