import { readdirSync, readFileSync } from 'node:fs';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { type Capture, compareCapture, readCapture } from '@vmemmap/core/capture';
import { x86 } from '@vmemmap/x86';
import { describe, expect, it } from 'vitest';

const directory = new URL('../fixtures/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, directory), 'utf8');
const files = readdirSync(directory);

describe('captures of real kernels', () => {
  it('are all here', () => {
    expect(files.map((file) => file.replace('.json', '')).sort()).toEqual([
      'big-64g',
      'boot-2g',
      'boot-2g-linux-6.12',
      'boot-2g-linux-7.3',
      'boot-2g-no5lvl',
      'boot-2g-nopse',
      'devdax-pmem-2m',
      'devdax-pmem-2m-kmem',
      'devdax-pmem-2m-newpgd-no5lvl',
      'devdax-pmem-2m-newpgd-no5lvl-unbound',
      'devdax-pmem-2m-subsection',
      'devdax-pmem-2m-subsection-unbound',
      'devdax-ram-1g',
      'devdax-ram-1g-no5lvl',
      'devdax-ram-1g-no5lvl-unbound',
      'devdax-ram-1g-unbound',
      'devdax-ram-2m',
      'devdax-ram-2m-kmem-memmap-on-memory-kmem',
      'devdax-ram-2m-linux-7.3',
      'devdax-ram-2m-linux-7.3-unbound',
      'devdax-ram-2m-no5lvl-unbound',
      'devdax-ram-2m-unaligned',
      'devdax-ram-2m-unaligned-unbound',
      'devdax-ram-2m-unbound',
      'devdax-ram-4k',
      'devdax-ram-4k-unbound',
      'hotplug',
      'hotplug-memmap-on-memory',
      'hotplug-no5lvl',
      'hotplug-removed',
      'hotplug-virtio-mem',
      'hvo-1g',
      'hvo-1g-fewer',
      'hvo-1g-linux-7.3',
      'hvo-1g-more',
      'hvo-2m',
      'hvo-2m-linux-6.12',
      'hvo-2m-linux-6.12-more',
      'hvo-2m-linux-7.3',
      'hvo-2m-linux-7.3-fewer',
      'hvo-2m-more',
      'numa-holes-no5lvl',
      'unaligned-mem',
    ]);
  });
});

mountCaptures(
  { describe, it },
  x86,
  files.map((name) => ({ name, text: read(name) })),
);

describe('mountCaptures()', () => {
  it('fails for a plugin that builds something else', () => {
    const failed: string[] = [];
    const runner = {
      describe: (_: string, body: () => void) => body(),
      it: (name: string, body: () => void) => {
        try {
          body();
        } catch (error) {
          failed.push(`${name}: ${(error as Error).message.split('\n')[0]}`);
        }
      },
    };
    const json = JSON.parse(read('boot-2g.json'));
    json.machine.config.pti = true;
    mountCaptures(runner, x86, [{ name: 'pti', text: JSON.stringify(json) }]);
    expect(failed).toEqual(['pti is equal: x86/boot-2g differs in 16 places:']);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a capture's JSON is changed in place, wherever.
type Json = any;

describe('a capture that was changed', () => {
  const differences = (file: string, change: (json: Json) => void): string[] => {
    const json: Json = JSON.parse(read(file));
    change(json);
    const comparison = compareCapture(readCapture(JSON.stringify(json), file), x86, Number.POSITIVE_INFINITY);
    expect(comparison.equal).toBe(false);
    return comparison.differences.map(({ part, where }) => `${part} ${where}`);
  };

  it.each<[string, string, (json: Json) => void, string]>([
    ['the vmemmap base', 'boot-2g.json', (j) => (j.expected.vmemmapBase = '0xffd4000040000000'), 'base vmemmap base'],
    [
      'the window',
      'boot-2g.json',
      (j) => (j.expected.vmemmapWindow.end = '0xffd5000000000000'),
      'base end of the vmemmap window',
    ],
    [
      'a flag bit of the leaves',
      'boot-2g.json',
      (j) => (j.expected.leaves[0].rawFlags = '0x80000000000001e1'),
      'leaf 0xffd4000000000000',
    ],
    [
      'a flag bit of the first entry',
      'boot-2g.json',
      (j) => (j.expected.leaves[0].firstRaw = '0x800000007fa001e1'),
      "leaf 0xffd4000000000000: flags of the capture's entry",
    ],
    [
      'the address in the first entry',
      'boot-2g.json',
      (j) => (j.expected.leaves[0].firstRaw = '0x800000007f8001e3'),
      "leaf 0xffd4000000000000: address in the capture's entry",
    ],
    ['a leaf too few', 'boot-2g.json', (j) => (j.expected.leaves[0].count = 15), 'leaf 0xffd4000001e00000'],
    ['a leaf too many', 'boot-2g.json', (j) => (j.expected.leaves[0].count = 17), 'leaf 0xffd4000002000000'],
    [
      'a leaf elsewhere',
      'boot-2g.json',
      (j) => (j.expected.leaves[0].va = '0xffd4000000200000'),
      'leaf 0xffd4000000000000',
    ],
    [
      'the size of the leaves',
      'boot-2g-nopse.json',
      (j) => (j.expected.leaves[0].leafSize = '0x2000'),
      'leaf 0xffd4000000000000',
    ],
    [
      'two leaves on one frame',
      'boot-2g.json',
      (j) => (j.expected.leaves[0].paStep = '0x0'),
      'frame 0xffd4000000200000: frame',
    ],
    [
      'a leaf on another node',
      'numa-holes-no5lvl.json',
      (j) => {
        j.expected.leaves[1].pa = '0x57000000';
        j.expected.leaves[1].paStep = '-0x200000';
      },
      'leaf 0xffffea0001600000: node of its memory',
    ],
    [
      'a leaf on a table',
      'boot-2g-nopse.json',
      (j) => {
        j.expected.leaves.at(-1).pa = '0x7fea5000';
        j.expected.leaves.at(-1).paStep = '0x100000';
      },
      'frame 0x7fea5000',
    ],
    [
      'a leaf outside of RAM',
      'boot-2g.json',
      (j) => {
        j.expected.leaves[0].pa = '0x90000000';
        j.expected.leaves[0].firstRaw = '0x80000000900001e3';
      },
      'leaf 0xffd4000000000000: node of its memory',
    ],
    [
      'a section flag',
      'boot-2g.json',
      (j) => (j.expected.sections[0].raw = '0xffd4000000000007'),
      'section section 0: section_mem_map',
    ],
    [
      'a section flag by name',
      'boot-2g.json',
      (j) => j.expected.sections[0].flags.pop(),
      'section section 0: section_mem_map',
    ],
    ['a section too few', 'boot-2g.json', (j) => (j.expected.sections[0].count = 15), 'section section 15'],
    ['a section too many', 'boot-2g.json', (j) => (j.expected.sections[0].count = 17), 'section section 16'],
    [
      'a subsection',
      'unaligned-mem.json',
      (j) => (j.expected.sections[1].subsectionMap = '0x3ffffff'),
      'section section 10: subsection map',
    ],
    [
      'a first pfn',
      'unaligned-mem.json',
      (j) => (j.expected.sections[1].startPfn = '0x50001'),
      'section section 10: first pfn',
    ],
    [
      'a counter',
      'boot-2g.json',
      (j) => (j.expected.counters.nr_memmap_boot_pages = 8191),
      'counter nr_memmap_boot_pages',
    ],
    ['the other counter', 'boot-2g.json', (j) => (j.expected.counters.nr_memmap_pages = 1), 'counter nr_memmap_pages'],
    [
      'a flag bit of a table entry',
      'boot-2g.json',
      (j) => (j.expected.tables[1].entries[0].firstRaw = '0x000000007fca7063'),
      'entry p4d entry 0',
    ],
    [
      'the address in a table entry',
      'boot-2g.json',
      (j) => (j.expected.tables[1].entries[0].firstRaw = '0x000000007fca8067'),
      'entry p4d entry 0',
    ],
    [
      'the slot of a table entry',
      'boot-2g.json',
      (j) => (j.expected.tables[1].entries[0].index = 1),
      'entry p4d entry 0',
    ],
    [
      'a table entry that is no table',
      'boot-2g.json',
      (j) => (j.expected.tables[2].entries[0].firstRaw = '0x000000007fca60e7'),
      'entry pud entry 0',
    ],
    [
      'the kind of a table entry',
      'boot-2g.json',
      (j) => (j.expected.tables[2].entries[0].kind = 'invalid'),
      'entry pud entry 0',
    ],
    [
      'a step between table entries',
      'big-64g.json',
      (j) => (j.expected.tables[2].entries[0].step = '-0x2000'),
      'entry pud entry 1',
    ],
    ['a table too few', 'boot-2g.json', (j) => j.expected.tables.pop(), 'table table pmd 0xffd4000000000000'],
    [
      'a table elsewhere',
      'boot-2g.json',
      (j) => (j.expected.tables[3].va = '0xffd4000040000000'),
      'table table pmd 0xffd4000040000000',
    ],
    [
      'a table at another address',
      'boot-2g.json',
      (j) => (j.expected.tables[3].pa = '0x7fca5000'),
      'entry pud entry 0',
    ],
    [
      'a top-level entry of a process',
      'boot-2g.json',
      (j) => j.expected.processes.mms[0].differing.push(468),
      'process init/1',
    ],
    ['a top-level entry of init', 'boot-2g.json', (j) => j.expected.processes.initNonZero.pop(), 'process init_mm'],
    ['far too many leaves', 'boot-2g.json', (j) => (j.expected.leaves[0].count = 1e15), 'leaf number of leaves'],
    [
      'far too many sections',
      'boot-2g.json',
      (j) => (j.expected.sections[0].count = 1e12),
      'section number of sections',
    ],
    ['a total of leaves', 'boot-2g.json', (j) => (j.expected.summary.leafCount = 17), 'capture leaves, by the summary'],
    ['a total of bytes', 'boot-2g.json', (j) => (j.expected.summary.mappedBytes = 0), 'capture mapped bytes'],
    ['a total of frames', 'boot-2g.json', (j) => (j.expected.summary.distinctLeafPas = 15), 'capture frames'],
    ['a total of tables', 'boot-2g.json', (j) => (j.expected.summary.tables.pmd = 2), 'capture pmd tables'],
    [
      'what it says of all processes',
      'boot-2g.json',
      (j) => (j.expected.processes.allEqual = false),
      'capture all processes',
    ],
    [
      'which entries of processes it has',
      'boot-2g.json',
      (j) => (j.expected.processes.topLevelIndexes = []),
      'capture top-level',
    ],
    ['the levels', 'boot-2g.json', (j) => (j.expected.levels[0].shift = 47), 'levels levels of the page table'],
  ])('in %s differs, and it says where', (_, file, change, where) => {
    expect(differences(file, change).some((text) => text.startsWith(where))).toBe(true);
  });

  it('leaves out what the capture marks as outside, and no more', () => {
    const json: Json = JSON.parse(read('boot-2g.json'));
    const entry = json.expected.tables[1].entries[0];
    entry.firstRaw = '0x000000007fca7063';
    json.expected.outside = [
      { table: 'p4d', tableVa: '0xffd4000000000000', index: 0, what: 'flags', reason: 'somebody else made it' },
    ];
    const compare = (): boolean => compareCapture(readCapture(JSON.stringify(json), 'x'), x86).equal;
    expect(compare()).toBe(true);
    entry.firstRaw = '0x000000007fca8063';
    expect(compare()).toBe(false);
    json.expected.outside[0].what = 'subtree';
    delete json.expected.summary;
    json.expected.tables.length = 2;
    json.expected.leaves = [];
    expect(compare()).toBe(true);
    json.expected.outside[0].index = 1;
    expect(compare()).toBe(false);
  });

  it('says what was not compared', () => {
    const json: Json = JSON.parse(read('boot-2g.json'));
    const left = (): readonly string[] => compareCapture(readCapture(JSON.stringify(json), 'x'), x86).notCompared;
    expect(left()).toEqual([]);
    json.expected.countrs = json.expected.counters;
    delete json.expected.counters;
    json.expected.processes = null;
    json.expected.sections[0].subsectionMap = null;
    const entry = { table: 'p4d', tableVa: '0xffd4000000000000', index: 7, reason: '' };
    json.expected.outside = [
      { ...entry, what: 'subtree' },
      { ...entry, index: 8, what: 'flags' },
    ];
    expect(left()).toEqual([
      'counters',
      'processes',
      'subsection maps',
      '1 subtree outside the memmap',
      '1 entry flags outside the memmap',
      'the unknown key "countrs"',
    ]);
  });

  it('shows entries with their bits by name', () => {
    const json: Json = JSON.parse(read('boot-2g.json'));
    json.expected.leaves[0].rawFlags = '0x80000000000001e1';
    json.expected.leaves[0].firstRaw = '0x800000007fa001e1';
    const { differences: list, differenceCount } = compareCapture(readCapture(JSON.stringify(json), 'x'), x86, 3);
    expect(list).toHaveLength(3);
    expect(differenceCount).toBe(16);
    expect(list[0]).toEqual({
      part: 'leaf',
      where: '0xffd4000000000000',
      expected: 'pmd leaf of 0x200000 bytes 0x80000000000001e1 (XD G PS D A P)',
      found: 'pmd leaf of 0x200000 bytes 0x80000000000001e3 (XD G PS D A RW P)',
    });
  });
});

describe('a capture that cannot be replayed', () => {
  const capture = (change: (json: Json) => void): Capture => {
    const json: Json = JSON.parse(read('boot-2g.json'));
    change(json);
    return readCapture(JSON.stringify(json), 'x');
  };

  it.each<[string, (json: Json) => void, string]>([
    ['a step without its range', (j) => j.steps.push({ op: 'hotplug-add' }), 'BAD_FORMAT'],
    ['a step that there is not', (j) => j.steps.push({ op: 'freeze' }), 'BAD_FORMAT'],
    ['an unknown release', (j) => (j.machine.release = '5.4'), 'UNKNOWN_RELEASE'],
    ['another page size', (j) => (j.machine.pageSize = 16384), 'BAD_CONFIG'],
    ['an unknown configuration key', (j) => (j.machine.config.turbo = true), 'BAD_CONFIG'],
    ['a randomised base it does not tell', (j) => (j.machine.config.kaslr = true), 'BAD_CONFIG'],
  ])('says so: %s', (_, change, code) => {
    expect(() => compareCapture(capture(change), x86)).toThrow(expect.objectContaining({ code }));
  });
});
