// @ts-check
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cpio } from '../cpio.mjs';
import { initramfs } from '../initramfs.mjs';
import { dependencies, moduleName, modulesInOrder } from '../module-files.mjs';

/**
 * What an archive holds, read by the offsets of the format.
 * @param {Buffer} archive
 */
function members(archive) {
  const found = [];
  for (let at = 0; at < archive.length; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (/** @type {number} */ n) =>
      Number.parseInt(archive.toString('latin1', at + 6 + n * 8, at + 14 + n * 8), 16);
    const name = archive.toString('latin1', at + 110, at + 110 + field(11) - 1);
    const data = (at + 110 + field(11) + 3) & ~3;
    found.push({ name, mode: field(1), data: archive.toString('latin1', data, data + field(6)) });
    at = (data + field(6) + 3) & ~3;
  }
  return found;
}

/** @param {string} names */
const module_ = (names) => Buffer.from(`\x7fELF…\0license=GPL\0depends=${names}\0name=x\0`);

describe('an archive', () => {
  it('holds files, folders and an end, each at a multiple of four', () => {
    const archive = cpio([
      { path: 'lab/', mode: 0o755 },
      { path: 'lab/a', mode: 0o644, data: Buffer.from('12345') },
      { path: 'lab/bcd', mode: 0o755 },
    ]);
    expect(archive.length % 4).toBe(0);
    expect(members(archive)).toEqual([
      { name: 'lab', mode: 0o040755, data: '' },
      { name: 'lab/a', mode: 0o100644, data: '12345' },
      { name: 'lab/bcd', mode: 0o100755, data: '' },
      { name: 'TRAILER!!!', mode: 0, data: '' },
    ]);
  });
});

describe('an initramfs', () => {
  it('has the shell, and modules with their order', () => {
    const archive = initramfs(Buffer.from('busybox'), [
      { name: 'a', data: Buffer.from('A') },
      { name: 'b', data: Buffer.from('B') },
    ]);
    const found = new Map(members(gunzipSync(archive)).map(({ name, data }) => [name, data]));
    expect(found.get('lab/busybox')).toBe('busybox');
    expect(found.get('lab/init')).toMatch(/^#!\/lab\/busybox sh\n/);
    expect(found.get('lab/modules')).toBe('a\nb\n');
    expect(found.get('lab/b.ko')).toBe('B');
  });

  it('comes after one that is given', () => {
    const archive = initramfs(Buffer.from('busybox'), [], Buffer.from('given'));
    expect(archive.subarray(0, 8).toString('latin1')).toBe('given\0\0\0');
    expect(members(gunzipSync(archive.subarray(8))).map(({ name }) => name)).toContain('lab/init');
  });
});

describe('modules', () => {
  it('say what they need', () => {
    expect(dependencies(module_('libnvdimm,nd-btt'))).toEqual(['libnvdimm', 'nd_btt']);
    expect(dependencies(module_(''))).toEqual([]);
    expect(moduleName('virtio-mem.ko.xz')).toBe('virtio_mem');
  });

  it('come after what they need, once', () => {
    const files = new Map([
      ['nfit', module_('libnvdimm')],
      ['nd_pmem', module_('nd_btt,libnvdimm')],
      ['nd_btt', module_('libnvdimm')],
      ['libnvdimm', module_('')],
    ]);
    const order = modulesInOrder(['nfit', 'nd_pmem'], (name) => files.get(name));
    expect(order.map(({ name }) => name)).toEqual(['libnvdimm', 'nfit', 'nd_btt', 'nd_pmem']);
    expect(() => modulesInOrder(['kmem'], (name) => files.get(name))).toThrow('the kernel has no module kmem');
  });
});
