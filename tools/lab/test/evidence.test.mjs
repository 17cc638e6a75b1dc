// @ts-check
import { describe, expect, it } from 'vitest';
import { kernelRelease, mirrorOf } from '../debian.mjs';
import { commandsOf } from '../hand-over.mjs';
import { physicalOf, sectionsOf, structPagesOf } from '../struct-pages.mjs';
import { geometry, noteAt, noteText } from '../vmcoreinfo.mjs';

const TEXT = [
  'OSRELEASE=7.2.13+deb14-amd64',
  'PAGESIZE=4096',
  'SYMBOL(vmemmap)=ffffea0000000000',
  'NUMBER(SECTION_SIZE_BITS)=27',
  'SIZE(page)=64',
  '',
].join('\n');
const where = geometry(TEXT);

describe('VMCOREINFO', () => {
  it('lies where sysfs says', () => {
    expect(noteAt('0x0000000004c28000 1024\n')).toEqual({ address: 0x4c28000n, size: 0x1024 });
    expect(() => noteAt('cat: no such file')).toThrow(/not an address and a size/);
  });

  it('is the text of its note', () => {
    expect(noteText(Buffer.from(`\x0b\0\0\0VMCOREINFO\0\0${TEXT}\0\0\0`))).toBe(TEXT);
    expect(() => noteText(Buffer.alloc(64))).toThrow(/no VMCOREINFO/);
  });

  it('places struct pages', () => {
    expect(where).toEqual({
      vmemmap: 0xffffea0000000000n,
      structPageSize: 64,
      pageSize: 4096,
      sectionBytes: 1n << 27n,
    });
    expect(() => geometry('PAGESIZE=4096')).toThrow(/does not say SYMBOL\(vmemmap\)/);
  });
});

describe('sections', () => {
  const iomem = [
    '00000000-00000fff : Reserved',
    '00001000-0009fbff : System RAM',
    '00100000-0fffffff : System RAM',
    '  01000000-022ca8df : Kernel code',
    '100000000-17fffffff : Persistent Memory',
    '  100000000-1021fffff : namespace0.0',
    '  178000000-17fffffff : dax0.0',
    '400000000-407ffffff : System RAM (virtio_mem)',
  ].join('\n');

  it('are those with memory', () => {
    expect(sectionsOf(iomem, 1n << 27n)).toEqual([0n, 1n, 47n, 128n]);
  });

  it('are asked about at both ends and between', () => {
    const pages = structPagesOf([0n, 47n], where, 60);
    expect(pages.map(({ pfn }) => pfn)).toEqual([
      0n,
      expect.any(BigInt),
      32767n,
      1540096n,
      expect.any(BigInt),
      1572863n,
    ]);
    expect(pages[3]?.va).toBe(0xffffea0000000000n + 1540096n * 64n);
    for (const between of [1, 4].map((n) => pages[n]?.pfn ?? 0n)) {
      expect(between % 32768n).toBeGreaterThan(0n);
      expect(between % 32768n).toBeLessThan(32767n);
    }
  });

  it('that are many are asked about in part, and the last one always', () => {
    const pages = structPagesOf(
      Array.from({ length: 512 }, (_, nr) => BigInt(nr)),
      where,
      60,
    );
    expect(pages.length).toBeLessThanOrEqual(63);
    expect(pages.at(-1)?.pfn).toBe(512n * 32768n - 1n);
  });

  it('have struct pages at addresses of 64 bits, also where that of pfn 0 lies above them', () => {
    const [page] = structPagesOf([0x100n], { ...where, vmemmap: -(1n << 20n) & ((1n << 64n) - 1n) }, 3);
    expect(page?.va).toBe(0x100n * 32768n * 64n - (1n << 20n));
  });
});

it('QEMU says where an address leads', () => {
  expect(physicalOf('gpa: 0x7fc00000')).toBe(0x7fc00000n);
  expect(physicalOf('Unmapped')).toBeUndefined();
});

describe('packages', () => {
  it('come from where the host has its own', () => {
    expect(
      mirrorOf('# http://old/debian\nURIs: http://deb.example/debian-security\nURIs: http://deb.example/debian\n'),
    ).toBe('http://deb.example/debian');
    expect(mirrorOf('deb http://m.example/debian/ trixie main')).toBe('http://m.example/debian/');
    expect(mirrorOf('')).toBe('http://deb.debian.org/debian');
  });

  it('name their kernel', () => {
    const text = 'Package: linux-image-arm64\nDepends: linux-image-7.2.13+deb14-arm64 (= 7.2.13-1)\n';
    expect(kernelRelease(text, 'arm64')).toBe('7.2.13+deb14-arm64');
    // The flavour is the whole end of the name.
    expect(kernelRelease('Depends: linux-image-7.2-arm64-16k, linux-image-7.2-arm64', 'arm64')).toBe('7.2-arm64');
    expect(() => kernelRelease('Package: linux-image-arm64\n', 'arm64')).toThrow(/names no kernel/);
  });
});

it('the commands of this build are those that its help lists', () => {
  const help =
    'vmemmap <command>\n\nCommands:\n  vmemmap populate   what Linux builds\n                     and how\n  vmemmap audit <dump>  finds\n\nExamples:\n  vmemmap run x\n';
  expect([...commandsOf(help)]).toEqual(['populate', 'audit']);
});
