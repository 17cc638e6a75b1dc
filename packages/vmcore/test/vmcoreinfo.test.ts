import { describe, expect, it } from 'vitest';
import { bufferSource, findVmcoreinfo, openRaw, openSources, Vmcoreinfo, vmcoreinfoAt } from '../src/index.ts';
import { elfCore, note } from './elf.ts';
import { machineOf, PAGE, VMCOREINFO_TEXT } from './machine.ts';

const letters = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('Vmcoreinfo', () => {
  const info = new Vmcoreinfo(VMCOREINFO_TEXT);

  it('has what the kernel wrote, as what it is', () => {
    expect(info.osrelease).toBe('7.2.13-test');
    expect(info.pageSize).toBe(4096);
    expect(info.symbol('swapper_pg_dir')).toBe(0xffff_ffff_8301_4000n);
    expect(info.size('page')).toBe(64);
    expect(info.offset('page.compound_info')).toBe(8);
    expect(info.length('zone.free_area')).toBe(11);
    expect(info.number('phys_base')).toBe(-16777216n);
    expect(info.number('VMEMMAP_START')).toBe(0xffd4_0000_0000_0000n);
    expect(info.config('SPARSEMEM_VMEMMAP')).toBe('y');
    expect(info.get('BUILD-ID')).toBe('f8da1e460d13');
    expect([...info.keys()].slice(0, 3)).toEqual(['OSRELEASE', 'BUILD-ID', 'PAGESIZE']);
  });

  it('has nothing for what the kernel did not write', () => {
    expect(info.symbol('vmemmap_list')).toBeUndefined();
    expect(info.size('section')).toBeUndefined();
    expect(info.number('page')).toBeUndefined();
    expect(info.config('X86')).toBeUndefined();
  });

  it('refuses what is no number, and what is no VMCOREINFO', () => {
    const odd = new Vmcoreinfo(
      'OSRELEASE=x\nSIZE(page)=many\nOFFSET(a.b)=-1\nSYMBOL(s)=xyz\nLENGTH(l)=99999999999999999999\n',
    );
    expect(() => odd.size('page')).toThrow(/SIZE\(page\)=many: that is no number/);
    expect(() => odd.offset('a.b')).toThrow(/no number/);
    expect(() => odd.symbol('s')).toThrow(/no number/);
    expect(() => odd.length('l')).toThrow(/no number/);
    expect(() => new Vmcoreinfo('PAGESIZE=4096')).toThrow(/no OSRELEASE/);
  });
});

describe('VMCOREINFO without a note', () => {
  for (const byteOrder of ['little', 'big'] as const) {
    const machine = machineOf([0, 1, 2, 3, 9, 10, 11, 500], byteOrder);
    const bytes = note(byteOrder, 'VMCOREINFO', 0, letters(VMCOREINFO_TEXT));
    // The text alone, which the kernel keeps as well, and a page that only begins as a note does.
    machine.pages.get(1)!.set(letters(VMCOREINFO_TEXT));
    machine.pages.get(2)!.set(bytes.subarray(0, 24));
    machine.pages.get(2)!.fill(0xff, 24);
    machine.pages.get(10)!.set(bytes);
    const dump = openSources([bufferSource(elfCore(machine))]);

    it(`is found in memory, ${byteOrder} end first`, () => {
      expect(dump.vmcoreinfo()).toMatchObject({ origin: 'scan', pa: 10 * PAGE, vmcoreinfo: { text: VMCOREINFO_TEXT } });
      expect(findVmcoreinfo(dump.memory, byteOrder)?.pa).toBe(10 * PAGE);
    });

    it(`is read at an address, ${byteOrder} end first`, () => {
      expect(dump.vmcoreinfo(10 * PAGE)).toMatchObject({ origin: 'address', vmcoreinfo: { pageSize: 4096 } });
      expect(() => vmcoreinfoAt(dump.memory, 9 * PAGE, byteOrder)).toThrow(
        /no VMCOREINFO note at physical address 0x9000/,
      );
      expect(() => vmcoreinfoAt(dump.memory, 12 * PAGE, byteOrder)).toThrow(/no memory there/);
    });
  }

  it('goes over the end of a page, if the next one is there', () => {
    const long = note('little', 'VMCOREINFO', 0, letters(`OSRELEASE=7.2\n${'KEY=VALUE\n'.repeat(500)}LAST=1\n`));
    const file = new Uint8Array(2 * PAGE);
    file.set(long);
    const whole = openRaw(bufferSource(file), [{ start: 0, length: 2 * PAGE, offset: 0 }], { machine: 'x86_64' });
    expect(whole.vmcoreinfo().vmcoreinfo.get('LAST')).toBe('1');
    const half = openRaw(bufferSource(file), [{ start: 0, length: PAGE, offset: 0 }], { machine: 'x86_64' });
    expect(() => half.vmcoreinfo()).toThrow(/has no VMCOREINFO, neither as a note nor in its memory/);
  });
});
