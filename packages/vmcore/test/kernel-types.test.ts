import { isVmemmapError } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Btf, type ByteOrder, Kallsyms, KernelTypes, openBtf } from '../src/index.ts';
import { BtfWriter } from './btf.ts';
import { writeKallsyms } from './kallsyms.ts';
import { kernelMemory } from './kernel-image.ts';
import { Words } from './word.ts';

/** A few types as a kernel has them. */
function written(order: ByteOrder): BtfWriter {
  const btf = new BtfWriter(order);
  const int = btf.int('int', 4, true);
  const ulong = btf.int('unsigned long', 8);
  const char = btf.int('char', 1, true);
  const u8 = btf.int('unsigned char', 1);
  const voidPointer = btf.pointer(0);
  const list = btf.struct('list_head', 16, [
    ['next', btf.pointer(9), 0],
    ['prev', voidPointer, 64],
  ]);
  btf.forward('page');
  const atomic = btf.alias('typedef', 'atomic_t', btf.struct('', 4, [['counter', int, 0]]));
  const constant = btf.alias('const', '', btf.alias('volatile', '', btf.alias('typeTag', 'percpu', ulong)));
  const inner = btf.struct('', 16, [['lru', list, 0]]);
  const head = btf.struct('', 16, [
    ['compound_info', constant, 0],
    [
      '',
      btf.union('', 8, [
        ['', inner, 0],
        ['pp_magic', ulong, 0],
      ]),
      0,
    ],
  ]);
  btf.struct('page', 64, [
    ['flags', btf.alias('typedef', 'memdesc_flags_t', btf.struct('', 8, [['f', ulong, 0]])), 0],
    [
      '',
      btf.union('', 16, [
        ['', inner, 0],
        ['', head, 0],
      ]),
      64,
    ],
    ['_refcount', atomic, 52 * 8],
  ]);
  const area = btf.struct('free_area', 104, [
    ['free_list', btf.array(list, 6), 0],
    ['nr_free', ulong, 96 * 8],
  ]);
  btf.alias('typedef', 'zone', int);
  btf.struct('zone', 1300, [
    ['watermark', ulong, 0],
    ['free_area', btf.array(area, 11), 64],
  ]);
  btf.struct('task_struct', 80, [
    ['pid', int, 0],
    ['on_rq', u8, 32],
    ['sched_a', int, 40, 3],
    ['sched_b', int, 43, 7],
    ['sched_c', ulong, 50, 14],
    ['tasks', list, 64],
    ['comm', btf.array(char, 16), 24 * 8],
    ['zone', btf.pointer(list), 40 * 8],
    ['state', btf.enum('tristate', { LESS: -2, SAME: 0, MORE: 5 }, true), 48 * 8],
    ['load', btf.float('double', 8), 56 * 8],
    ['rest', btf.array(btf.array(u8, 4), 2), 64 * 8],
    ['tail', btf.array(ulong, 0), 80 * 8],
  ]);
  btf.enum('pageflags', { PG_locked: 0, PG_head: 6, PG_top: 0xffff_ffff });
  btf.enum('', { SECTION_HAS_MEM_MAP_BIT: 1 });
  btf.enum64('wide', { WIDE: 1n << 40n, ONES: 2n ** 64n - 1n });
  btf.enum64('deep', { DEEP: -(1n << 40n) }, true);
  btf.func('wake_up', [['task', voidPointer]]);
  btf.variable('cpu_number', int);
  btf.alias('typedef', 'page', int);
  btf.alias('typedef', 'nodemask_t', btf.struct('', 128, [['bits', btf.array(ulong, 16), 0]]));
  btf.struct('far', 2 ** 22, [
    ['near', btf.alias('restrict', '', voidPointer), 0],
    ['member', btf.int('strange', 2 ** 24), 0x180_0008],
  ]);
  return btf;
}

for (const order of ['little', 'big'] as const)
  describe(`Btf, ${order} end first`, () => {
    const btf = new Btf(written(order).done(), order);

    it('has structs, those inside without a name flattened', () => {
      const page = btf.struct('page')!;
      expect(page).toMatchObject({ kind: 'struct', name: 'page', size: 64 });
      expect(page.members.map(({ name, offset }) => [name, offset])).toEqual([
        ['flags', 0],
        ['lru', 8],
        ['compound_info', 8],
        ['lru', 8],
        ['pp_magic', 8],
        ['_refcount', 52],
      ]);
      expect(btf.offsetOf('page.compound_info')).toBe(8);
    });

    it('follows a path through members and elements', () => {
      expect(btf.offsetOf('page.flags.f')).toBe(0);
      expect(btf.offsetOf('page.lru.prev')).toBe(16);
      expect(btf.offsetOf('zone.free_area[2].free_list[5].prev')).toBe(8 + 2 * 104 + 5 * 16 + 8);
      expect(btf.offsetOf('task_struct.tail[7]')).toBe(80 + 56);
      expect(btf.offsetOf('task_struct.rest[1][3]')).toBe(64 + 7);
      expect(btf.offsetOf('atomic_t.counter')).toBe(0);
    });

    it('has members far from the start', () => {
      expect(btf.offsetOf('far.member')).toBe(0x30_0001);
      expect(btf.sizeOf('far.near')).toBe(8);
    });

    it('has nothing for what the kernel does not have', () => {
      for (const path of [
        'page.nothing',
        'nothing.page',
        'nothing',
        'page',
        'page.flags.f.f',
        'zone.free_area[11]',
        'zone.free_area.nr_free',
        'page.flags[0]',
        'task_struct.zone.next',
        'cpu_number',
        'wake_up.task',
        '',
        'void',
      ])
        expect([path, btf.offsetOf(path)]).toEqual([path, undefined]);
      for (const name of ['nothing', 'percpu', 'wake_up', '', 'atomic_t.nothing'])
        expect([name, btf.sizeOf(name)]).toEqual([name, undefined]);
      expect(btf.struct('unsigned long')).toBeUndefined();
      expect(btf.lengthOf('page.flags')).toBeUndefined();
      expect(btf.enumValues('page')).toBeUndefined();
      expect(btf.enumValues('nothing')).toBeUndefined();
      expect(btf.constant('PG_hea')).toBeUndefined();
      expect(btf.constant('')).toBeUndefined();
    });

    it('has sizes and lengths', () => {
      expect(btf.sizeOf('page')).toBe(64);
      expect(btf.sizeOf('nodemask_t')).toBe(128);
      expect(btf.sizeOf('unsigned long')).toBe(8);
      expect(btf.sizeOf('pageflags')).toBe(4);
      expect(btf.sizeOf('zone.free_area')).toBe(11 * 104);
      expect(btf.sizeOf('task_struct.zone')).toBe(8);
      expect(btf.lengthOf('zone.free_area')).toBe(11);
      expect(btf.lengthOf('zone.free_area[0].free_list')).toBe(6);
      expect(btf.sizeOfType(0)).toBe(0);
    });

    it('has the values of enums, also of those without a tag', () => {
      expect([...btf.enumValues('pageflags')!]).toEqual([
        ['PG_locked', 0n],
        ['PG_head', 6n],
        ['PG_top', 0xffff_ffffn],
      ]);
      expect([...btf.enumValues('tristate')!]).toEqual([
        ['LESS', -2n],
        ['SAME', 0n],
        ['MORE', 5n],
      ]);
      expect([...btf.enumValues('wide')!]).toEqual([
        ['WIDE', 1n << 40n],
        ['ONES', 2n ** 64n - 1n],
      ]);
      expect(btf.enumValues('deep')?.get('DEEP')).toBe(-(1n << 40n));
      expect(btf.constant('PG_head')).toBe(6n);
      expect(btf.constant('SECTION_HAS_MEM_MAP_BIT')).toBe(1n);
      expect(btf.constant('ONES')).toBe(2n ** 64n - 1n);
      expect(btf.constant('LESS')).toBe(-2n);
    });

    it('says what a type is, qualifiers followed', () => {
      const typeOf = (path: string): unknown => btf.type(btf.member(path)!.type);
      expect(typeOf('page.compound_info')).toEqual({ kind: 'int', name: 'unsigned long', size: 8, signed: false });
      expect(typeOf('task_struct.pid')).toMatchObject({ kind: 'int', signed: true });
      expect(typeOf('task_struct.state')).toEqual({ kind: 'enum', name: 'tristate', size: 4, signed: true });
      expect(typeOf('task_struct.load')).toEqual({ kind: 'float', name: 'double', size: 8, signed: true });
      expect(typeOf('task_struct.comm')).toMatchObject({ kind: 'array', length: 16 });
      expect(typeOf('task_struct.zone')).toMatchObject({ kind: 'pointer', size: 8, target: btf.id('list_head') });
      expect(typeOf('page.lru')).toEqual({ kind: 'struct', id: btf.id('list_head'), name: 'list_head', size: 16 });
      expect(btf.type(0)).toEqual({ kind: 'none', name: '' });
      expect(btf.count).toBeGreaterThan(40);
    });
  });

/** `task_struct` at an address: the head of the list at `LIST`, tasks behind. */
const LIST = 0x1000n;
const TASKS = 0x2000n;

/** Tasks in a list that goes on from the last one to `end`. */
function tasks(order: ByteOrder, count: number, end = LIST): KernelTypes {
  const words = new Words(order);
  const node = (i: number): bigint => TASKS + BigInt(80 * i) + 8n;
  for (let i = 0; i < count; i++) {
    words.u32(2 ** 32 - 1 - i).bytes([200]);
    // sched_a = 5, sched_b = 64 + i, sched_c = 0x1234, as a compiler lays them out.
    const parts = [
      [5, 3],
      [64 + i, 7],
      [0x1234, 14],
    ] as const;
    let bits = 0n;
    if (order === 'little')
      for (const [value, size] of [...parts].reverse()) bits = (bits << BigInt(size)) | BigInt(value);
    else for (const [value, size] of parts) bits = (bits << BigInt(size)) | BigInt(value);
    for (let byte = 0; byte < 3; byte++)
      words.bytes([Number((bits >> BigInt(8 * (order === 'little' ? byte : 2 - byte))) & 255n)]);
    words
      .u64(i + 1 < count ? node(i + 1) : end, 0)
      .text(`task ${i}`, 16)
      .u64(i === 0 ? LIST : 0)
      .u32(2 ** 32 - 2, 0);
    words.to(80 * (i + 1));
  }
  const head = new Words(order).u64(count === 0 ? LIST : node(0), 0).done();
  const memory = kernelMemory(
    order,
    new Map([
      [LIST, head],
      [TASKS, words.done()],
    ]),
  );
  return new KernelTypes(memory, new Btf(written(order).done(), order));
}

for (const order of ['little', 'big'] as const)
  describe(`KernelTypes, ${order} end first`, () => {
    const types = tasks(order, 3);
    const task = types.view('task_struct', TASKS + 80n);

    it('reads members as what they are', () => {
      expect(task.value('pid')).toBe(-2n);
      expect(task.number('pid')).toBe(-2);
      expect(task.number('on_rq')).toBe(200);
      expect(task.value('state')).toBe(-2n);
      expect(task.text('comm')).toBe('task 1');
      expect(task.number('comm[5]')).toBe('1'.charCodeAt(0));
      expect(task.pointer('tasks.next')).toBe(TASKS + 168n);
      expect(task.addressOf('comm')).toBe(TASKS + 104n);
      expect(task.has('comm[15]')).toBe(true);
      expect(task.has('comm[16]')).toBe(false);
    });

    it('reads bit-fields as the compiler lays them out', () => {
      expect(task.value('sched_a')).toBe(-3n);
      expect(task.value('sched_b')).toBe(-63n);
      expect(task.value('sched_c')).toBe(0x1234n);
    });

    it('goes into structs and along pointers', () => {
      expect(task.inside('tasks').pointer('next')).toBe(TASKS + 168n);
      expect(task.target('zone')).toBeUndefined();
      const list = types.view('task_struct', TASKS).target('zone')!;
      expect([list.type.name, list.address, list.pointer('next')]).toEqual(['list_head', LIST, TASKS + 8n]);
    });

    it('walks a list', () => {
      expect([...types.list(LIST, 'task_struct', 'tasks')].map((one) => one.text('comm'))).toEqual([
        'task 0',
        'task 1',
        'task 2',
      ]);
      expect([...tasks(order, 0).list(LIST, 'task_struct', 'tasks')]).toEqual([]);
    });
  });

describe('KernelTypes', () => {
  const types = tasks('little', 9);

  it('refuses what is not there, or is of another kind', () => {
    const task = types.view('task_struct', TASKS);
    expect(() => types.view('nothing', 0n)).toThrow(/this kernel has no struct or union nothing/);
    expect(() => task.value('nothing')).toThrow(/task_struct\.nothing is not in this kernel: ask has\(\) first/);
    expect(() => task.value('tasks')).toThrow(/task_struct\.tasks is no number: it is of kind struct/);
    expect(() => task.pointer('pid')).toThrow(/pid is no address: it is of kind int/);
    expect(() => task.pointer('sched_c')).toThrow(/sched_c is no address/);
    expect(() => task.text('pid')).toThrow(/pid is no text: it is of kind int/);
    expect(() => task.text('tail')).toThrow(/tail is no text: it is of kind array/);
    expect(() => task.inside('pid')).toThrow(/pid is no struct/);
    expect(() => task.target('pid')).toThrow(/pid is no pointer/);
    expect(() => task.value('comm[')).toThrow(/comm\[ is no path/);
    expect(() => task.value('comm[9999999999]')).toThrow(/comm\[9999999999\] is no path/);
    expect(() => types.view('far', TASKS).value('member')).toThrow(/far\.member is no number: it is of kind int/);
    expect(() => task.number('tasks.prev.x')).toThrow(/not in this kernel/);
    expect(() => types.view('task_struct', 5n).value('pid')).toThrow(/nothing at 0x5/);
  });

  it('refuses a number that is too large for what it counts', () => {
    const memory = kernelMemory('little', new Map([[0n, new Uint8Array(64).fill(255)]]));
    const page = new KernelTypes(memory, types.btf).view('page', 0n);
    expect(() => page.number('pp_magic')).toThrow(/page\.pp_magic is 0xffffffffffffffff: too large/);
  });

  it('refuses a list that does not come back to its head, whatever it does instead', () => {
    const all =
      (end: bigint, limit?: number): (() => unknown) =>
      () => [...tasks('little', 9, end).list(LIST, 'task_struct', 'tasks', limit)];
    expect(all(0n)).toThrow(
      /the list of task_struct\.tasks at 0x1000 does not come back to its head: it is at 0x0 after 9 elements/,
    );
    for (let i = 0; i < 9; i++) expect(all(TASKS + BigInt(80 * i) + 8n)).toThrow(/does not come back to its head/);
    expect(all(LIST, 8)).toThrow(/after 8 elements/);
    expect(all(LIST, 9)).not.toThrow();
    expect(all(0xdead_0000n)).toThrow(/nothing at 0xdead0000/);
  });
});

describe('Btf of damaged memory', () => {
  const bytes = written('little').done();
  const made = (make: (btf: BtfWriter) => void): Btf => {
    const btf = new BtfWriter('little');
    make(btf);
    return new Btf(btf.done(), 'little');
  };

  it('refuses what is no BTF', () => {
    const changed = (at: number, value: number): Uint8Array => bytes.map((byte, i) => (i === at ? value : byte));
    expect(() => new Btf(new Uint8Array(0), 'little')).toThrow(/does not begin as BTF of version 1 does/);
    expect(() => new Btf(bytes.subarray(0, 23), 'little')).toThrow(/does not begin/);
    expect(() => new Btf(bytes, 'big')).toThrow(/the right byte order/);
    expect(() => new Btf(changed(2, 2), 'little')).toThrow(/does not begin/);
    expect(() => new Btf(changed(4, 23), 'little')).toThrow(/does not begin/);
    expect(() => new Btf(bytes.subarray(0, -1), 'little')).toThrow(/has a section up to byte/);
    const short = bytes.slice();
    new DataView(short.buffer).setUint32(12, 40, true);
    expect(() => new Btf(short, 'little')).toThrow(/ends inside type 3/);
  });

  it('goes over kinds that came later when the section says how long they are', () => {
    const later = (layout?: Record<number, [number, number]>): Btf => {
      const btf = new BtfWriter('big');
      btf.record(77, [1, 2, 3, 4, 5], 2);
      btf.struct('page', 64, []);
      return new Btf(btf.done(layout), 'big');
    };
    expect(later({ 77: [4, 8] }).sizeOf('page')).toBe(64);
    expect(later({ 77: [4, 8] }).type(1)).toEqual({ kind: 'none', name: '' });
    expect(() => later()).toThrow(/has type 1 of kind 77, which is not known and not laid out/);
    expect(() => later({ 77: [5, 8] })).toThrow(/not laid out/);
  });

  it('refuses types that do not end', () => {
    const loop = made((btf) => {
      btf.alias('typedef', 'a', 2);
      btf.alias('const', '', 1);
      btf.struct('s', 8, [['', 3, 0]]);
      btf.array(4, 1);
      btf.alias('typedef', 'far', 99);
      btf.alias('typedef', 'endless', 4);
      btf.struct('odd', 8, [['half', 0, 4]]);
    });
    expect(() => loop.sizeOf('a')).toThrow(/stands for another one without end/);
    expect(() => loop.struct('s')).toThrow(/has a struct without end, type 3/);
    expect(() => loop.sizeOf('endless')).toThrow(/has an array without end/);
    expect(() => loop.sizeOf('far')).toThrow(/refers to type 99, but has 7/);
    expect(() => loop.struct('odd')).toThrow(/has member 0 of type 7 at bit 4, inside a byte/);
    for (const id of [8, -1]) expect(() => loop.type(id)).toThrow(`refers to type ${id}, but has 7`);
    const wide = made((btf) => {
      for (let i = 1; i < 25; i++)
        btf.struct(`s${i}`, 8, [
          ['', i + 1, 0],
          ['', i + 1, 0],
        ]);
      btf.struct('last', 8, []);
    });
    expect(() => wide.struct('s1')).toThrow(/without end/);
    const huge = made((btf) => {
      btf.alias('typedef', 'huge', 2);
      for (let i = 2; i < 10; i++) btf.array(i + 1, 0xffff_ffff);
      btf.int('u8', 1);
    });
    expect(() => huge.sizeOf('huge')).toThrow(/without end/);
  });

  it('has one error for whatever is in memory', () => {
    const change = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = bytes.slice();
        for (const [place, value] of changes) damaged[place] = value;
        try {
          const btf = new Btf(damaged, 'little');
          btf.constant('PG_head');
          btf.enumValues('pageflags');
          for (let id = 0; id <= btf.count; id++) {
            btf.sizeOfType(id);
            expect(btf.struct(id)?.members.length ?? 0).toBeLessThan(1000);
          }
        } catch (error: unknown) {
          if (!isVmemmapError(error)) throw error;
          expect(error.code).toBe('BAD_FORMAT');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('openBtf', () => {
  const BTF = 0xffff_ffff_8120_0000n;
  const bytes = written('big').done();
  const opened = (start: bigint, stop: bigint, names = ['__start_BTF', '__stop_BTF']): Btf | undefined => {
    const symbols = [
      { type: 'R', name: names[0]!, address: start },
      { type: 'R', name: names[1]!, address: stop },
    ];
    const table = writeKallsyms(
      symbols.sort((a, b) => Number(a.address - b.address)),
      'big',
      'here',
    );
    const memory = kernelMemory(
      'big',
      new Map([
        [table.start, table.bytes],
        [BTF, bytes],
      ]),
    );
    return openBtf(memory, new Kallsyms(memory, table.tables));
  };

  it('takes it from between its symbols', () => {
    expect(opened(BTF, BTF + BigInt(bytes.length))?.sizeOf('page')).toBe(64);
  });

  it('has none where the kernel has none, or does not say where', () => {
    expect(opened(BTF, BTF)).toBeUndefined();
    expect(opened(BTF, BTF + 99n, ['__start_BTF', 'other'])).toBeUndefined();
    expect(opened(BTF, BTF + 99n, ['other', '__stop_BTF'])).toBeUndefined();
  });

  it('refuses symbols that cannot be right', () => {
    expect(() => opened(BTF, BTF - 8n)).toThrow(/begins at 0xffffffff81200000 and ends at 0xffffffff811ffff8/);
    expect(() => opened(BTF, BTF + 0x500_0000n)).toThrow(/begins at/);
  });
});
