// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { outputOf, programPath } from './programs.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MIRROR = 'http://deb.debian.org/debian';

/**
 * The mirror of Debian that the host uses, of the text of its apt sources.
 * @param {string} text
 * @returns {string}
 */
export function mirrorOf(text) {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const urls = lines.flatMap((line) => line.match(/https?:\/\/\S+/g) ?? []);
  return urls.find((url) => /\/debian\/?$/.test(url)) ?? MIRROR;
}

/**
 * The release of a kernel that a package such as linux-image-amd64 stands for.
 * @param {string} text what apt-cache shows of that package
 * @param {string} flavour
 * @returns {string} such as 7.2.13+deb14-amd64
 */
export function kernelRelease(text, flavour) {
  const [, release] = new RegExp(`\\blinux-image-(\\d[^\\s,(]*-${flavour})(?=[\\s,(]|$)`, 'm').exec(text) ?? [];
  if (release === undefined) throw new LabError(`linux-image-${flavour} names no kernel`);
  return release;
}

/** Packages of one architecture of Debian, whatever the host is. The host's own apt is not touched, and root not needed. */
export class Debian {
  #folder;
  #arch;
  #options;

  /**
   * @param {string} folder for lists and packages
   * @param {string} suite such as sid
   * @param {string} arch as Debian calls it
   */
  constructor(folder, suite, arch) {
    const hint = "kernel packages are fetched with Debian's own tools; without them give --kernel and --busybox";
    for (const program of ['apt-get', 'apt-cache', 'dpkg-deb']) programPath(program, hint);
    this.#folder = join(folder, `apt-${suite}-${arch}`);
    this.#arch = arch;
    this.#options = [
      ...[
        'Etc::sourcelist=sources.list',
        'Etc::sourceparts=-',
        'State=state',
        'Cache=cache',
        'State::status=status',
      ].map((text) => `Dir::${text.replace(/=(?=[a-z])/, `=${this.#folder}/`).replace(/=-$/, '=/dev/null')}`),
      ...[`APT::Architecture=${arch}`, `APT::Architectures::=${arch}`, 'Debug::NoLocking=1'],
    ].flatMap((option) => ['-o', option]);
    if (!existsSync(join(this.#folder, 'ready'))) this.#refresh(suite);
  }

  /**
   * What is known of a package.
   * @param {string} name
   */
  show(name) {
    return outputOf('apt-cache', [...this.#options, 'show', name]).toString();
  }

  /**
   * Fetches a package and unpacks it.
   * @param {string} name
   * @param {string} to folder
   */
  unpack(name, to) {
    const fetched = join(to, '.packages');
    mkdirSync(fetched, { recursive: true });
    outputOf('apt-get', [...this.#options, '-qq', 'download', name], { cwd: fetched });
    const file = readdirSync(fetched).find((one) => one.startsWith(`${name}_`));
    if (file === undefined) throw new LabError(`apt-get fetched no package ${name}`);
    outputOf('dpkg-deb', ['-x', join(fetched, file), to]);
  }

  /** @param {string} suite */
  #refresh(suite) {
    for (const part of ['state/lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(this.#folder, part), { recursive: true });
    }
    // A host without Debian's keys cannot tell a good mirror from a bad one.
    if (!existsSync(KEYRING)) throw new LabError(`${KEYRING} is missing: install the package debian-archive-keyring`);
    const mirror = mirrorOf(hostSources());
    const source = `deb [arch=${this.#arch} signed-by=${KEYRING}] ${mirror} ${suite} main\n`;
    writeFileSync(join(this.#folder, 'sources.list'), source);
    writeFileSync(join(this.#folder, 'status'), '');
    outputOf('apt-get', [...this.#options, '-qq', 'update']);
    writeFileSync(join(this.#folder, 'ready'), '');
  }
}

function hostSources() {
  const files = ['/etc/apt/sources.list'];
  const folder = '/etc/apt/sources.list.d';
  if (existsSync(folder)) files.push(...readdirSync(folder).map((name) => join(folder, name)));
  return files
    .filter((file) => existsSync(file) && !file.endsWith('.gpg'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}
