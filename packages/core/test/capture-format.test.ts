import { findRelease, releases } from '@vmemmap/core';
import { readCapture } from '@vmemmap/core/capture';
import { describe, expect, it } from 'vitest';

const minimal = {
  format: 'vmemmap-capture/1',
  name: 'x',
  machine: {
    arch: 'x86',
    release: '7.2',
    pageSize: 4096,
    structPageSize: 64,
    config: {},
    memory: [{ node: 0, start: '0x0', end: '0x8000000' }],
  },
  steps: [],
  expected: {
    vmemmapBase: '0xffd4000000000000',
    vmemmapWindow: { start: '0xffd4000000000000', end: '0xffd6000000000000' },
    levels: [],
    sectionSizeBits: 27,
    sections: [],
    counters: null,
    tables: [],
    leaves: [
      {
        va: '0xffd4000000000000',
        pa: '0x1000',
        leafSize: '0x1000',
        count: 2,
        paStep: '-0x1000',
        rawFlags: '0x8000000000000163',
        firstRaw: '0x8000000000001163',
      },
    ],
    outside: [],
  },
};

describe('readCapture', () => {
  it('reads addresses as numbers and 64-bit values as bigints', () => {
    const capture = readCapture(JSON.stringify(minimal), 'x.json');
    expect(capture.machine.memory[0]).toEqual({ node: 0, start: 0, end: 0x8000000 });
    expect(capture.expected.vmemmapBase).toBe(0xffd4000000000000n);
    expect(capture.expected.leaves[0]).toMatchObject({ pa: 0x1000, paStep: -0x1000n, rawFlags: 0x8000000000000163n });
  });

  it.each<[string, string, string]>([
    ['truncated JSON', JSON.stringify(minimal).slice(0, 90), 'x.json is not complete JSON'],
    ['another format', JSON.stringify({ ...minimal, format: 'y' }), 'x.json is not a capture: format:'],
    ['a list', '[]', 'x.json is not a capture: the whole:'],
    [
      'a bad address',
      JSON.stringify({ ...minimal, machine: { ...minimal.machine, memory: [{ node: 0, start: '12', end: '0x1' }] } }),
      'machine.memory.0.start: must be 0x',
    ],
    [
      'an address too large',
      JSON.stringify({
        ...minimal,
        machine: { ...minimal.machine, memory: [{ node: 0, start: '0x0', end: '0x100000000000000' }] },
      }),
      'machine.memory.0.end: must be 0x',
    ],
  ])('refuses %s in one line', (_, text, message) => {
    const refused = expect.objectContaining({ code: 'BAD_FORMAT', message: expect.stringContaining(message) });
    expect(() => readCapture(text, 'x.json')).toThrow(refused);
    expect(() => readCapture(text, 'x.json')).not.toThrow('\n');
  });
});

describe('releases', () => {
  it('are found by name', () => {
    expect(releases.map(({ name }) => name)).toEqual([
      '6.12',
      '6.16',
      '7.2',
      '7.3',
      '7.3-unsynced',
      'series-04',
      'series-05',
      'series-05-unsynced',
      'series-49',
    ]);
    for (const release of releases) expect(findRelease(release.name)).toBe(release);
    expect(() => findRelease('5.0')).toThrow(expect.objectContaining({ code: 'UNKNOWN_RELEASE' }));
  });

  it('differ as the kernels do', () => {
    expect(findRelease('series-04')).toEqual({
      ...findRelease('7.3'),
      name: 'series-04',
      title: findRelease('series-04').title,
      passesPgmap: true,
    });
    expect(findRelease('6.12').sparseBuffer).toBe(true);
    expect(findRelease('7.2').bootFailure).toBe('absent');
    expect(findRelease('7.3').bootFailure).toBe('panic');
  });
});
