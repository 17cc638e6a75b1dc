import { clauses, parseKnownFailures, runConformance } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';
import { brokenVariants } from './broken-variants.ts';

const parse = (...lines: string[]) => parseKnownFailures(lines.join('\n'), 'known.txt');

describe('a list of known failures', () => {
  it('has one on a line, with its reason', () => {
    expect(
      parse(
        '\uFEFF# of my plugin',
        '',
        'FREE-7  # arch/mine/mm/init.c keeps empty tables',
        '  MAP-4 [pageSize=65536, nx=false]  # the machine has no #NX ',
        'MAP-5# shares\r',
        'MAP-6 [release=6.12]  # old',
        'MAP-6 [nx=false, release=6.16]  # not so old',
      ),
    ).toEqual([
      { clause: 'FREE-7', why: 'arch/mine/mm/init.c keeps empty tables' },
      { clause: 'MAP-4', config: { pageSize: '65536', nx: 'false' }, why: 'the machine has no #NX' },
      { clause: 'MAP-5', why: 'shares' },
      { clause: 'MAP-6', release: '6.12', why: 'old' },
      { clause: 'MAP-6', config: { nx: 'false' }, release: '6.16', why: 'not so old' },
    ]);
  });

  it.each([
    ['MAP-1', /known\.txt:2: MAP-1 has no reason; write it after #/],
    ['MAP-1  #  ', /known\.txt:2: MAP-1 has no reason/],
    ['MAP-99  # x', /known\.txt:2: "MAP-99" is no clause; ids are such as CON-1/],
    ['MAP-1 MAP-2  # x', /known\.txt:2: write ID \[key=value\] {2}# reason/],
    ['MAP-1 [pageSize]  # x', /known\.txt:2: \[pageSize\] must be \[key=value\]/],
    ['MAP-1 [=1]  # x', /known\.txt:2: \[=1\] must be/],
    ['MAP-1 [a=1  # x', /known\.txt:2: write ID/],
    ['{"MAP-1": "x"}', /known\.txt:2: write ID/],
  ])('refuses %j in one line with its number', (line, message) => {
    expect(() => parse('# first', line)).toThrow(message);
    expect(() => parse('# first', line)).toThrow(expect.objectContaining({ code: 'BAD_FORMAT' }));
  });

  it('refuses what is there twice', () => {
    expect(() => parse('MAP-1  # a', 'MAP-1 [x=1]  # b', 'MAP-1  # c')).toThrow(/known\.txt:3: MAP-1 is there twice/);
  });

  it('means values of options, whatever their type', () => {
    const { plugin } = brokenVariants.find(({ clause }) => clause === 'MAP-4')!;
    const only = clauses.filter(({ id }) => id === 'MAP-4');
    const kinds = (...lines: string[]) =>
      runConformance(plugin, {
        configs: [{ hugePages: true }, { hugePages: false }],
        clauses: only,
        knownFailures: parse(...lines),
      }).results.map(({ kind }) => kind);
    expect(kinds('MAP-4 [hugePages=true]  # x')).toEqual(['known-failure', 'failed']);
    expect(kinds('MAP-4 [hugePages=false]  # x')).toEqual(['failed', 'known-failure']);
    expect(kinds('MAP-4 [hugePages=1]  # x')).toEqual(['failed', 'failed']);
  });

  it('names options that there are', () => {
    expect(() => runConformance(reference, { knownFailures: parse('MAP-4 [hugePage=true]  # x') })).toThrow(
      /MAP-4 is limited by "hugePage", no option of reference; there are hugePages/,
    );
  });
});
