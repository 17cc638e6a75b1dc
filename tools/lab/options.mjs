// @ts-check
import { homedir } from 'node:os';
import { join } from 'node:path';
import yargs from 'yargs';
import { arches } from './arches.mjs';
import { formats } from './dump.mjs';
import { LabError } from './lab-error.mjs';

const NEEDS = `Needs, on a Debian host (root is not needed):
  QEMU         qemu-system-x86, -arm, -riscv, -s390x, -ppc or -misc: of the architecture; --qemu FOLDER for another build
  packages     apt-get, dpkg-deb, xz-utils, debian-archive-keyring: the kernel is fetched once and kept
  the project  npm run build; the dump goes to its audit and capture commands as far as this build has them
  disk         a dump is as large as the guest's memory, and mostly holes

Exit code: 0 fine, 2 the lab could not do its work, else what the audit or the comparison answered.`;

/**
 * What the command line asks for.
 * @typedef {import('./set-up.mjs').Wanted & {
 *   arch: string, flavour?: string, suite: string, kernel?: string, initrd?: string, busybox?: string, qemu?: string,
 *   cache: string, out?: string, format: readonly string[], ask: number, audit: boolean, bootSeconds: number,
 *   dumpSeconds: number, json: boolean }} Options
 */

/**
 * @param {readonly string[]} argv without node and script
 * @returns {Promise<Options | { text: string }>} text: help to print
 */
export async function optionsOf(argv) {
  const { XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env;
  const cache = join(XDG_CACHE_HOME, 'vmemmap-lab');
  const parser = yargs()
    .scriptName('npm run lab --')
    .usage(`$0 <arch> [options]\n\nBoots a real kernel in QEMU, dumps its memory, and has it audited.`)
    .command('$0 <arch>', false, (y) =>
      y.positional('arch', { type: 'string', choices: arches.map(({ name }) => name), describe: 'architecture' }),
    )
    .options({
      memory: { type: 'string', describe: 'memory at boot, such as 2G (the default)' },
      node: { type: 'string', array: true, default: [], describe: 'memory of a NUMA node, instead; once per node' },
      hotplug: {
        type: 'string',
        array: true,
        default: [],
        describe: 'memory added to the running machine; repeatable',
      },
      'memmap-on-memory': { type: 'boolean', default: false, describe: 'added memory holds its own struct pages' },
      pmem: {
        type: 'string',
        describe: 'size of persistent memory, with a device-dax namespace on it (x86, arm64, riscv)',
      },
      'pmem-map': { type: 'string', default: 'mem', choices: ['mem', 'dev'], describe: 'where its struct pages lie' },
      'pmem-align': { type: 'string', default: '2M', describe: 'alignment of the namespace: 4K, 2M or 1G' },
      huge: { type: 'string', array: true, default: [], describe: 'huge pages at boot, SIZE:COUNT; repeatable' },
      hvo: { type: 'boolean', default: false, describe: 'optimise the struct pages of huge pages' },
      append: { type: 'string', default: '', describe: 'more of the kernel command line, such as no5lvl' },
      cpu: { type: 'string', describe: 'CPU as QEMU calls it' },
      machine: { type: 'string', describe: 'machine as QEMU calls it' },
      'qemu-arg': { type: 'string', array: true, default: [], describe: 'one more argument of QEMU; repeatable' },
      run: { type: 'string', array: true, default: [], describe: 'a command to run in the guest; repeatable' },
      flavour: { type: 'string', describe: `Debian's kernel flavour${known()}` },
      suite: { type: 'string', default: 'sid', describe: 'release of Debian to take the kernel from' },
      kernel: { type: 'string', describe: 'a kernel file instead of a package' },
      initrd: { type: 'string', describe: 'an initramfs, to which the shell of the lab is added' },
      busybox: { type: 'string', describe: 'a static busybox of the architecture, instead of the package' },
      qemu: { type: 'string', describe: 'folder that holds qemu-system-…, instead of PATH' },
      cache: { type: 'string', default: cache, describe: 'folder for what is fetched' },
      out: { type: 'string', describe: 'folder for dumps and answers (default: a new one under the cache)' },
      format: { type: 'string', array: true, default: ['elf'], choices: formats, describe: 'of the dump; repeatable' },
      ask: { type: 'number', default: 60, describe: 'so many struct pages to ask QEMU about' },
      audit: {
        type: 'boolean',
        default: true,
        describe: 'have the dump audited and compared; --no-audit: only make it',
      },
      'boot-seconds': { type: 'number', default: 180, describe: 'how long the guest may take to come up' },
      'dump-seconds': { type: 'number', default: 600, describe: 'how long a dump may take' },
      json: { type: 'boolean', default: false, describe: 'all that was collected, as JSON on stdout' },
    })
    .example('$0 x86 --huge 2M:64 --hvo', 'a machine with HVO active')
    .example('$0 x86 --memory 1G --pmem 2G --pmem-map dev', 'struct pages on the device itself')
    .example('$0 x86 --memory 1G --hotplug 1G --memmap-on-memory', 'memory that came later')
    .example('$0 powerpc --cpu power8', 'the hash MMU')
    .epilogue(NEEDS)
    .parserConfiguration({ 'greedy-arrays': false, 'parse-positional-numbers': false, 'dot-notation': false })
    .version(false)
    .help()
    .strict()
    .detectLocale(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .wrap(118);
  let text = '';
  /** @type {unknown} */
  let failure;
  const parsed = await parser.parseAsync(argv, {}, (error, _, output) => {
    failure = error;
    text = output;
  });
  if (failure)
    throw new LabError(`${/** @type {Error} */ (failure).message.split('\n')[0]}; see npm run lab -- --help`);
  if (text !== '') return { text };
  const options = /** @type {Options} */ (/** @type {unknown} */ (parsed));
  checkPositive(options.ask, '--ask');
  checkPositive(options.bootSeconds, '--boot-seconds');
  checkPositive(options.dumpSeconds, '--dump-seconds');
  if (options.kernel !== undefined && options.pmem !== undefined && options.initrd === undefined) {
    throw new LabError('--pmem needs the modules of the kernel package; leave out --kernel');
  }
  return options;
}

function known() {
  const lists = arches.filter(({ flavours }) => flavours.length > 0);
  return lists.length === 0 ? '' : `, such as ${lists.flatMap(({ flavours }) => flavours).join(' or ')}`;
}

/**
 * @param {number} value
 * @param {string} option
 */
function checkPositive(value, option) {
  if (!Number.isSafeInteger(value) || value <= 0) throw new LabError(`${option} needs a whole number above 0`);
}
