import { expect, test } from 'vitest';
import { invoke, path } from './invoke.ts';
import { temporaryFile, temporaryFolder } from './temporary-file.ts';

const GIB = 2 ** 30;

function machine(name: string, fields: object): string {
  return temporaryFile(`${name}.json`, JSON.stringify({ format: 'vmemmap-machine/1', ...fields }));
}

const memory = [{ node: 0, start: 0, end: GIB }];
const capture = path('../x86/fixtures/boot-2g.json');
const iomem = path('fixtures/iomem-server.txt');
const nonsense = temporaryFile('nonsense', 'Lorem ipsum\ndolor: sit - amet\n');

function known(name: string, text: string): readonly string[] {
  return ['conformance', 'x86', '--known-failures', temporaryFile(`${name}-known.txt`, text)];
}

/** Each case: arguments, and what the one line must say. */
const CASES: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['no command', [], /no command given/],
  [
    'unknown command',
    ['verify'],
    /no command "verify"; choose one of populate, run, diff, translate, tables, compare, /,
  ],
  [
    'command misspelt',
    ['popluate', '--ram', '1G'],
    /no command "popluate"; did you mean populate\? See vmemmap --help$/m,
  ],
  ['command cut short', ['trans', '0'], /no command "trans"; did you mean translate\?/],
  ['command that could be two', ['co', 'x.json'], /no command "co"; choose one of/],
  ['unknown option', ['populate', '--speed', '9'], /unknown argument: speed/],
  ['a string negated', ['populate', '--no-release'], /unknown argument: no-release/],
  ['a list negated', ['populate', '--no-config'], /unknown argument: no-config/],
  ['failures negated', ['populate', '--no-fail'], /unknown argument: no-fail/],
  ['a machine negated', ['populate', '--no-ram', '--no-iomem'], /unknown arguments: no-ram, no-iomem/],
  ['plugins negated', ['arches', '--no-plugin'], /unknown argument: no-plugin/],
  ['both --verify and --no-verify', ['populate', '--verify', '--no-verify'], /mutually exclusive/],
  ['--verify with a value', ['populate', '--verify=maybe'], /--verify is on or off and takes no value "maybe"/],
  ['--json with a value', ['arches', '--json=maybe'], /--json is on or off and takes no value "maybe"/],
  ['--json with a number', ['arches', '--json=1'], /--json is on or off and takes no value "1"/],
  ['--version with a value', ['populate', '--version=1'], /--version is on or off/],
  ['--help without its value', ['populate', '--help='], /--help is on or off/],
  ['completion for another shell', ['completion', 'tcsh'], /no completion for "tcsh"; choose one of bash, zsh/],
  ['option of another command', ['releases', '--ram', '1G'], /ram/],
  ['option without its value', ['populate', '--ram'], /ram/],
  ['option given twice', ['populate', '--ram', '1G', '--ram', '2G'], /--ram is given more than once/],
  ['stray argument', ['populate', '64G'], /64G/],
  ['two machines', ['populate', '--ram', '1G', '--iomem', iomem], /--iomem and --ram both give a machine/],
  ['--nodes alone', ['populate', '--nodes', '2'], /--nodes goes with --ram/],
  ['--node without --iomem', ['populate', '--ram', '1G', '--node', '0=0-0xfff'], /--node goes with --iomem/],
  ['bad size', ['populate', '--ram', '64 bananas'], /"64 bananas" is no size/],
  ['size beyond a double', ['populate', '--ram', '9000P'], /"9000P" is no size/],
  ['no memory', ['populate', '--ram', '0'], /^vmemmap: --ram 0: [^-]*no memory|^--ram 0: [^-]*no memory/],
  ['less than a page', ['populate', '--ram', '100'], /no whole page/],
  ['too little for a kernel', ['populate', '--ram', '4K'], /no room for a kernel/],
  ['bad number of nodes', ['populate', '--ram', '1G', '--nodes', 'two'], /--nodes: "two"/],
  ['a node without memory (--nodes)', ['populate', '--ram', '1G', '--nodes', '99'], /node 0 has no memory/],
  ['beyond the physical limit (--ram)', ['populate', '--ram', '128T', '--config', 'no-la57'], /physical limit/],
  [
    'beyond what the CPU can address',
    ['populate', '--ram', '128G', '--config', 'physicalAddressBits=36'],
    /x86: RAM ends at 0x2[0-9a-f]{9}, but physicalAddressBits 36 end at 0x1000000000; give less RAM, or a CPU with more/,
  ],
  [
    'RAM onto the C-bit',
    ['populate', '--ram', '128G', '--config', 'memoryEncryption,encryptionBit=35'],
    /x86: RAM ends at .* but the C-bit, encryptionBit 35, leaves .*; give less RAM, or a higher encryptionBit/,
  ],
  ['unknown architecture', ['populate', '--arch', 'vax'], /no architecture "vax"; registered are x86/],
  ['unknown release', ['populate', '--release', '2.4'], /no release "2.4"; choose one of/],
  ['unknown config key', ['populate', '--config', 'la58=true'], /no option "la58"; there are la57/],
  ['config key of every object', ['populate', '--config', '__proto__=1'], /no option "__proto__"/],
  ['bad config value', ['populate', '--config', 'la57=maybe'], /la57 must be true or false/],
  ['contradicting config', ['populate', '--config', 'kaslr'], /x86: kaslr needs vmemmapBase/],
  [
    'config key twice',
    ['populate', '--config', 'la57,no-la57'],
    /--config: la57 is given more than once; choose one$/m,
  ],
  [
    'config key in two options',
    ['tables', '--config', 'pse', '--config', 'la57,pse=false'],
    /--config: pse is given more/,
  ],
  [
    'config key twice for the kit',
    ['conformance', 'x86', '--config', 'pti,no-pti'],
    /--config: pti is given more than/,
  ],
  [
    'tables of all',
    ['tables', '--arch', 'all'],
    /--arch all goes with populate and diff only; name one architecture of x86, /,
  ],
  [
    'all addresses',
    ['translate', '--arch', 'all', '0'],
    /--arch all goes with populate and diff only; name one architecture/,
  ],
  ['empty config', ['populate', '--config', '=1'], /names no key/],
  ['bad failure rule', ['populate', '--fail', 'source=disk'], /source is one of/],
  ['bad failure key', ['populate', '--fail', 'when=now'], /"when=now" is none of/],
  ['bad failure number', ['populate', '--fail', 'nth=0'], /--fail nth/],
  ['failure key twice', ['populate', '--fail', 'nth=3,nth=4'], /"nth" is given more than once in "nth=3,nth=4"/],
  ['failure value with more in it', ['populate', '--fail', 'nth=3=4'], /--fail nth: "3=4"/],
  ['bad trace limit', ['populate', '--trace', '--trace-limit', '-1'], /trace-limit/],
  ['missing file', ['populate', '--iomem', `${temporaryFolder}/none`], /none: there is no such file/],
  ['file below a file', ['populate', '--iomem', `${iomem}/x`], /there is no such file/],
  ['no file name', ['populate', '--iomem', ''], /the empty path: there is no such file/],
  ['directory', ['populate', '--machine', temporaryFolder], /this is a directory/],
  ['nonsense iomem', ['populate', '--iomem', nonsense], /no line says "start-end : System RAM"/],
  ['empty iomem', ['populate', '--iomem', temporaryFile('empty', '')], /no line says/],
  [
    'iomem as a normal user sees it',
    [
      'populate',
      '--iomem',
      temporaryFile('hidden', '00000000-00000000 : System RAM\n00000000-00000000 : System RAM\n'),
    ],
    /hides them from normal users; read it as root/,
  ],
  [
    'overlapping ranges in iomem',
    ['populate', '--iomem', temporaryFile('overlap', '0-fffffff : System RAM\n8000000-1fffffff : System RAM\n')],
    /ranges overlap: 0x0-0x10000000 of node 0 and 0x8000000-0x20000000 of node 0/,
  ],
  [
    'iomem range that ends before it starts',
    ['populate', '--iomem', temporaryFile('backwards', '20000000-fffffff : System RAM\n')],
    /the end must lie above the start/,
  ],
  [
    'iomem beyond the physical limit',
    ['populate', '--iomem', temporaryFile('beyond', '0-17ffffffffffff : System RAM\n')],
    /physical limit/,
  ],
  ['bad --node', ['populate', '--iomem', iomem, '--node', '1:0-5'], /"1:0-5" is no range of a node/],
  [
    '--node without memory',
    ['populate', '--iomem', iomem, '--node', '1=0x10000000000-0x1ffffffffff'],
    /node 1 has no memory in this range/,
  ],
  [
    'nodes that overlap',
    ['populate', '--iomem', iomem, '--node', '0=0-0x3fffffff', '--node', '1=0x20000000-0x5fffffff'],
    /--node 0=0-0x3fffffff and --node 1=0x20000000-0x5fffffff overlap/,
  ],
  [
    'JSON that is no machine',
    ['populate', '--machine', temporaryFile('list.json', '[1, 2]')],
    /the format is not given/,
  ],
  [
    'unknown format',
    ['populate', '--machine', machine('other', { format: 'vmemmap-machine/9' })],
    /vmemmap-machine\/9/,
  ],
  ['truncated JSON', ['populate', '--machine', temporaryFile('cut.json', '{"format": "vmemm')], /not complete JSON/],
  ['unknown key', ['populate', '--machine', machine('key', { memory, ram: 1 })], /ram/],
  [
    'bad address',
    ['populate', '--machine', machine('address', { memory: [{ start: 0, end: 'lots' }] })],
    /memory\.0\.end/,
  ],
  [
    'misspelt key of a range',
    ['populate', '--machine', machine('ende', { memory: [{ start: 0, ende: '1G' }] })],
    /memory\.0: unknown key "ende"/,
  ],
  [
    'range without an end',
    ['populate', '--machine', machine('endless', { memory: [{ start: 0 }] })],
    /memory\.0\.end is missing; give a number, a hex string or a size such as 4GiB/,
  ],
  ['machine without memory', ['populate', '--machine', machine('void', { memory: [] })], /memory/],
  [
    'overlapping ranges',
    ['populate', '--machine', machine('overlap', { memory: [...memory, { node: 1, start: 4096, end: '2G' }] })],
    /ranges overlap/,
  ],
  [
    'beyond the physical limit',
    ['populate', '--machine', machine('beyond', { memory: [{ node: 0, start: 0, end: '0x10000000001000' }] })],
    /physical limit/,
  ],
  ['a node without memory', ['populate', '--machine', machine('node', { memory, nodes: 2 })], /node 1 has no memory/],
  [
    'a negative node',
    ['populate', '--machine', machine('negative', { memory: [{ node: -1, start: 0, end: '1G' }] })],
    /memory\.0\.node/,
  ],
  ['bad distances', ['populate', '--machine', machine('far', { memory, distances: [[11]] })], /distance 11/],
  [
    'a reserved range that ends before it starts',
    ['populate', '--machine', machine('reserved', { memory, reserved: [{ start: '2M', end: '1M' }] })],
    /reserved\.0: the end must lie above/,
  ],
  ['unknown architecture in a file', ['populate', '--machine', machine('vax', { memory, arch: 'vax' })], /"vax"/],
  ['unknown release in a file', ['populate', '--machine', machine('old', { memory, release: '2.4' })], /"2.4"/],
  [
    'unknown config key in a file',
    ['populate', '--machine', machine('config', { memory, config: { la58: true } })],
    /no option "la58"/,
  ],
  ['a machine as a capture', ['populate', '--capture', machine('machine', { memory })], /is not a capture/],
  ['no address', ['translate'], /nothing to translate/],
  ['bad address', ['translate', 'main'], /"main" is no pfn and no address/],
  ['address beyond 64 bits', ['translate', '0x10000000000000000'], /below 2\^64/],
  ['pfn beyond the physical limit', ['translate', '--pfn', '0xffd4000000000041'], /pfn of .* not 0xffd4000000000041$/m],
  ['both --va and --pfn', ['translate', '--va', '--pfn', '1'], /mutually exclusive/],
  ['depth 0', ['tables', '--depth', '0'], /--depth: "0"/],
  ['no capture', ['compare'], /need at least 1/],
  ['bad --most', ['compare', '--most', 'all', capture], /--most: "all"/],
  ['capture that is missing', ['compare', `${temporaryFolder}/none.json`], /there is no such file/],
  ['capture that is cut', ['compare', temporaryFile('cut2.json', '{"format": "vmemmap-ca')], /not complete JSON/],
  ['capture that is none', ['compare', machine('not-a-capture', { memory })], /is not a capture/],
  ['conformance of nothing', ['conformance'], /need at least 1/],
  ['conformance of what is not there', ['conformance', './none.js'], /plugin \.\/none\.js cannot be loaded/],
  [
    'conformance of a name that is none',
    ['conformance', 'foo'],
    /plugin foo cannot be loaded: .*; run npm install foo, or .*; registered are x86, arm64, powerpc, riscv, s390, sparc, loongarch$/m,
  ],
  [
    'known failures that are not there',
    ['conformance', 'x86', '--known-failures', `${temporaryFolder}/none.txt`],
    /none\.txt: there is no such file/,
  ],
  ['known failures as JSON', known('json', '{"MAP-1": "x"}'), /json-known\.txt:1: write ID \[key=value\] # reason/],
  ['a known failure without a reason', known('no-reason', '# mine\nMAP-1'), /no-reason-known\.txt:2: MAP-1 has no/],
  [
    'a known failure of no clause',
    known('other', '\n\nMAP-999  # x'),
    /other-known\.txt:3: "MAP-999" is no clause; ids/,
  ],
  [
    'a known failure of no option',
    known('option', 'MAP-1 [la58=true]  # x'),
    /MAP-1 is limited by "la58", no option of x86; there are la57/,
  ],
  ['clauses that there are not', ['conformance', 'x86', '--clause', 'MAP-99'], /"MAP-99" means no clause/],
  ['plugin that is not there', ['arches', '--plugin', '@vmemmap/none'], /plugin @vmemmap\/none cannot be loaded/],
  ['plugin file that is not there', ['arches', '--plugin', './none.js'], /plugin \.\/none\.js cannot be loaded/],
  ['plugin that is none', ['arches', '--plugin', 'node:path'], /node:path exports no architecture plugin/],
  [
    'plugin that does not parse',
    ['arches', '--plugin', temporaryFile('broken.mjs', 'export default {')],
    /broken\.mjs cannot be loaded/,
  ],
  [
    'plugin that throws lines',
    ['arches', '--plugin', temporaryFile('throws.mjs', 'throw new Error("one\\ntwo\\u001b[31m");')],
    /one two/,
  ],
];

test.each(CASES)('%s: one line and exit code 2', async (_name, argv, line) => {
  const { code, out, err } = await invoke(...argv);
  expect(err).toMatch(line);
  // One line, with nothing in it that a terminal would obey, and no stack.
  expect(err).toMatch(/^vmemmap: [^\p{Cc}]+\n$/u);
  expect(err).not.toMatch(/ at .*:\d+:\d+/);
  expect(out).toBe('');
  expect(code).toBe(2);
});

test.each(CASES)('%s: with --json the error is JSON, too', async (_name, argv, line) => {
  const { code, out, err } = await invoke(...argv, '--json');
  expect(err).toMatch(/^vmemmap: [^\p{Cc}]+\n$/u);
  const json = JSON.parse(out);
  const error = json.error ?? json.results[0].error;
  expect(error.code).toMatch(/^[A-Z_]+$/);
  expect(error.message).toMatch(line);
  if (json.error !== undefined) expect(err).toBe(`vmemmap: ${error.message}\n`);
  expect(code).toBe(2);
});

test('a kernel that stops is an outcome, in one line', async () => {
  const { code, err } = await invoke('populate', '--ram', '1G', '--release', '7.3', '--fail', 'source=memblock');
  expect(code).toBe(1);
  expect(err).toMatch(/^vmemmap: the modelled kernel stopped with panic in mm\/sparse.c.*\n$/);
});
