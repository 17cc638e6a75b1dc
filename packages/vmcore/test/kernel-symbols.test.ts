import { isVmemmapError } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kallsyms, type KernelSymbol, kallsymsTables, openKallsyms, Vmcoreinfo } from '../src/index.ts';
import { type AddressWay, type WrittenKallsyms, writeKallsyms } from './kallsyms.ts';
import { kernelMemory } from './kernel-image.ts';

const TEXT = 0xffff_ffff_8100_0000n;
/** More than 127 tokens: its length takes two bytes. */
const LONG = `_R${'9'.repeat(300)}`;

const symbols: KernelSymbol[] = [
  { type: 'T', name: '_stext', address: TEXT },
  { type: 'T', name: '_text', address: TEXT },
  { type: 't', name: 'init_once', address: TEXT + 0x40n },
  { type: 't', name: 'init_once', address: TEXT + 0x80n },
  { type: 't', name: LONG, address: TEXT + 0x123n },
  { type: 'D', name: 'init_task', address: TEXT + 0x20_0000n },
  { type: 'D', name: 'swapper_pg_dir', address: TEXT + 0x20_2000n },
  { type: 'B', name: '_end', address: TEXT + 0x40_0000n },
];
const percpu: KernelSymbol[] = [
  { type: 'A', name: 'fixed_percpu_data', address: 0n },
  { type: 'A', name: 'cpu_number', address: 0x1_0000n },
];

const opened = ({ start, bytes, tables }: WrittenKallsyms, order: 'little' | 'big' = 'little'): Kallsyms =>
  new Kallsyms(kernelMemory(order, new Map([[start, bytes]])), tables);

function vmcoreinfoOf({ tables }: WrittenKallsyms, stext: bigint): Vmcoreinfo {
  const line = (name: string, va: bigint | undefined): string =>
    va === undefined ? '' : `SYMBOL(${name})=${va.toString(16)}\n`;
  return new Vmcoreinfo(
    `OSRELEASE=7.2\n${line('_stext', stext)}${line('kallsyms_num_syms', tables.numSyms)}${line('kallsyms_names', tables.names)}${line('kallsyms_token_table', tables.tokenTable)}${line('kallsyms_token_index', tables.tokenIndex)}${line('kallsyms_offsets', tables.offsets)}${line('kallsyms_relative_base', tables.relativeBase)}`,
  );
}

describe('Kallsyms', () => {
  for (const order of ['little', 'big'] as const)
    for (const way of ['here', 'base', 'percpu'] satisfies AddressWay[]) {
      const all = way === 'percpu' ? [...percpu, ...symbols] : symbols;
      const kallsyms = opened(writeKallsyms(all, order, way), order);

      it(`has every symbol, ${order} end first, addresses of the kind ${way}`, () => {
        expect(kallsyms.count).toBe(all.length);
        expect([...kallsyms.all()]).toEqual(all);
        expect(kallsyms.symbol('init_task')).toBe(TEXT + 0x20_0000n);
        expect(kallsyms.symbol('_end')).toBe(TEXT + 0x40_0000n);
        expect(kallsyms.symbol(LONG)).toBe(TEXT + 0x123n);
        expect(kallsyms.symbol('cpu_number')).toBe(way === 'percpu' ? 0x1_0000n : undefined);
      });

      it(`knows which one an address belongs to, ${order} end first, addresses of the kind ${way}`, () => {
        expect(kallsyms.nearest(TEXT)).toEqual({ name: '_stext', offset: 0 });
        expect(kallsyms.nearest(TEXT + 0x3fn)).toEqual({ name: '_stext', offset: 0x3f });
        expect(kallsyms.nearest(TEXT + 0x20_1fffn)).toEqual({ name: 'init_task', offset: 0x1fff });
        expect(kallsyms.nearest(TEXT + 0x40_0000n)).toEqual({ name: '_end', offset: 0 });
        for (const va of [0n, 0x1_0000n, TEXT - 1n, TEXT + 0x40_0001n, 2n ** 64n - 1n])
          expect(kallsyms.nearest(va)).toBeUndefined();
      });
    }

  it('gives the lowest of several symbols of one name, and none for what is only like a name', () => {
    const kallsyms = opened(writeKallsyms(symbols, 'little', 'here'));
    expect(kallsyms.symbol('init_once')).toBe(TEXT + 0x40n);
    for (const name of ['', 'init_onc', 'nit_once', 'tinit_once', 'init_once ', 'ıinit'])
      expect(kallsyms.symbol(name)).toBeUndefined();
  });

  it('finds every name that there can be', () => {
    const name = fc.stringMatching(/^[!-~]{1,60}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 40 }), fc.boolean(), (names, little) => {
        const all = names.map((it, i) => ({ type: 't', name: it, address: TEXT + BigInt(16 * i) }));
        const order = little ? 'little' : 'big';
        const kallsyms = opened(writeKallsyms(all, order, 'here'), order);
        for (const { name, address } of all) expect(kallsyms.symbol(name)).toBe(address);
      }),
    );
  });
});

describe('openKallsyms', () => {
  for (const way of ['here', 'base'] as const) {
    const written = writeKallsyms(symbols, 'little', way);
    const memory = kernelMemory('little', new Map([[written.start, written.bytes]]));

    it(`takes the places from VMCOREINFO, addresses of the kind ${way}`, () => {
      const vmcoreinfo = vmcoreinfoOf(written, TEXT);
      expect(kallsymsTables(vmcoreinfo)).toEqual(written.tables);
      expect(openKallsyms(memory, vmcoreinfo).symbol('init_task')).toBe(TEXT + 0x20_0000n);
    });

    it(`refuses tables of another kernel, addresses of the kind ${way}`, () => {
      expect(() => openKallsyms(memory, vmcoreinfoOf(written, TEXT + 0x1000n))).toThrow(
        /_stext is at 0xffffffff81001000 by VMCOREINFO and at 0xffffffff81000000 by kallsyms/,
      );
    });
  }

  it('says what is missing when VMCOREINFO does not say where the tables are', () => {
    expect(() => kallsymsTables(new Vmcoreinfo('OSRELEASE=5.10.0\n'))).toThrow(
      /VMCOREINFO of 5\.10\.0 has no SYMBOL\(kallsyms_num_syms\); kernels have it from 6\.0/,
    );
  });
});

describe('Kallsyms of damaged memory', () => {
  const written = writeKallsyms([...percpu, ...symbols], 'little', 'percpu');
  const damaged = (change: (bytes: Uint8Array, tables: WrittenKallsyms['tables']) => void): (() => Kallsyms) => {
    const bytes = written.bytes.slice();
    change(bytes, written.tables);
    return () => opened({ ...written, bytes });
  };
  const at = (va: bigint): number => Number(va - written.start);

  it('refuses a number of symbols that no kernel has', () => {
    expect(damaged((bytes) => bytes.fill(0, 0, 4))).toThrow(/kallsyms_num_syms at 0xffffffff81000000 is 0:/);
    expect(damaged((bytes) => bytes.fill(255, 0, 4))).toThrow(/is 4294967295: no kernel has as many symbols/);
  });

  it('refuses names that end too early, have no letters or never end', () => {
    expect(damaged((bytes) => bytes.fill(11, 0, 1))).toThrow(/no name for symbol 10 of 11/);
    expect(damaged((bytes, { names }) => bytes.fill(0, at(names), at(names) + 1))).toThrow(
      /no name for symbol 0 of 10/,
    );
    expect(damaged((bytes, { names }) => bytes.fill(255, at(names), at(names) + 2))).toThrow(/no name for symbol/);
  });

  it('refuses a last name that goes over the end', () => {
    const one = writeKallsyms([{ type: 'T', name: '_stext', address: TEXT }], 'little', 'here');
    const long = one.bytes.slice();
    long[at(one.tables.names)] = 127;
    expect(() => opened({ ...one, bytes: long })).toThrow(/no name for symbol 0 of 1/);
  });

  it('refuses a token that does not end', () => {
    const far = written.start + 0x10_0000n;
    const image = new Map([
      [written.start, written.bytes],
      [far, new Uint8Array(600).fill(65)],
    ]);
    const tables = { ...written.tables, tokenTable: far };
    expect(() => new Kallsyms(kernelMemory('little', image), tables)).toThrow(/do not agree about token 0/);
  });

  it('refuses tokens that do not lie one behind the other, or never end', () => {
    expect(damaged((bytes, { tokenIndex }) => bytes.fill(1, at(tokenIndex), at(tokenIndex) + 1))).toThrow(
      /about token 0/,
    );
    expect(damaged((bytes, { tokenIndex }) => bytes.fill(9, at(tokenIndex) + 2, at(tokenIndex) + 4))).toThrow(
      /about token 1/,
    );
    expect(damaged((bytes, { tokenTable }) => bytes.fill(65, at(tokenTable), at(tokenTable) + 600))).toThrow(
      /about token 0/,
    );
  });

  it('refuses symbols that are not in the order of their addresses', () => {
    expect(damaged((bytes, { offsets }) => bytes.fill(0x80, at(offsets) + 4 * 9, at(offsets) + 4 * 10))).not.toThrow();
    expect(damaged((bytes, { offsets }) => bytes.fill(0xff, at(offsets) + 4 * 9, at(offsets) + 4 * 10))).toThrow(
      /kallsyms_offsets at 0xffffffff81000\w+ has symbol 9 below the one before it/,
    );
  });

  it('refuses a name of more letters than any has when it is spelt', () => {
    const long = writeKallsyms([{ type: 't', name: 'x'.repeat(600), address: TEXT }], 'little', 'here');
    expect(() => [...opened(long).all()]).toThrow(/symbol 0 of kallsyms_names has more than 511 letters/);
  });

  it('refuses tables so far apart that the names cannot end at one', () => {
    const { tables } = written;
    const alone = { ...tables, names: TEXT + 0x1_0000_0000n };
    expect(() => opened({ ...written, tables: alone })).toThrow(
      /none of the tables comes within 67108864 bytes of kallsyms_names/,
    );
  });

  it('has one error for whatever is in memory', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: written.bytes.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 8,
        }),
        (changes) => {
          try {
            const kallsyms = damaged((bytes) => {
              for (const [place, value] of changes) bytes[place] = value;
            })();
            kallsyms.symbol('init_task');
            kallsyms.nearest(TEXT + 5n);
            expect([...kallsyms.all()]).toHaveLength(kallsyms.count);
          } catch (error: unknown) {
            if (!isVmemmapError(error)) throw error;
            expect(['BAD_FORMAT', 'NOT_IN_DUMP']).toContain(error.code);
          }
        },
      ),
    );
  });
});
