// @ts-check
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Debian, kernelRelease } from './debian.mjs';
import { LabError } from './lab-error.mjs';
import { moduleName, modulesInOrder } from './module-files.mjs';
import { outputOf, programPath } from './programs.mjs';

/**
 * What a guest is started with.
 * @typedef {object} Kernel
 * @property {string} release as the package calls it, or the file's name
 * @property {string} image file
 * @property {string} busybox file: a static one of the guest's architecture
 * @property {string | undefined} firmware file
 * @property {(names: readonly string[]) => { name: string, data: Uint8Array }[]} modules with all that they need
 */

/**
 * The newest kernel of a flavour, of its Debian package; fetched once.
 * @param {import('./arches.mjs').LabArch} arch
 * @param {{ cache: string, suite: string, flavour: string, say: (text: string) => void }} from
 * @returns {Kernel}
 */
export function packagedKernel(arch, { cache, suite, flavour, say }) {
  const folder = join(cache, `kernel-${suite}-${flavour}`);
  const done = join(folder, '.release');
  if (!existsSync(done)) {
    say(`fetching linux-image-${flavour} of Debian ${suite}`);
    rmSync(folder, { recursive: true, force: true });
    const debian = new Debian(cache, suite, arch.debian);
    const found = kernelRelease(debian.show(`linux-image-${flavour}`), flavour);
    const text = debian.show(`linux-image-${found}`);
    // In newer releases linux-image-… is a shell around these two.
    const packages = ['linux-binary', 'linux-modules'].map((name) => `${name}-${found}`);
    for (const name of packages.every((one) => text.includes(one)) ? packages : [`linux-image-${found}`]) {
      debian.unpack(name, folder);
    }
    debian.unpack('busybox-static', folder);
    if (arch.firmware !== undefined) debian.unpack(arch.firmware.package, folder);
    writeFileSync(done, found);
  }
  const files = filesUnder(folder);
  return {
    release: readFileSync(done, 'utf8'),
    image: theFile(files, (name) => /^vmlinu[xz]/.test(name), folder, 'kernel'),
    busybox: theFile(files, (name) => name === 'busybox', folder, 'busybox'),
    firmware: arch.firmware && theFile(files, (name) => name === arch.firmware?.file, folder, arch.firmware.file),
    modules: (names) => {
      const paths = new Map(
        files.filter((file) => /\.ko(\.xz)?$/.test(file)).map((file) => [moduleName(basename(file)), file]),
      );
      return modulesInOrder(names, (name) => moduleData(paths.get(name)));
    },
  };
}

/** @param {string | undefined} file */
function moduleData(file) {
  if (file === undefined) return undefined;
  if (!file.endsWith('.xz')) return readFileSync(file);
  return outputOf(programPath('xz', 'install the package xz-utils'), ['-dc', file]);
}

/**
 * @param {readonly string[]} files
 * @param {(name: string) => boolean} wanted
 * @param {string} folder
 * @param {string} what
 */
function theFile(files, wanted, folder, what) {
  const found = files.find((file) => wanted(basename(file)));
  if (found === undefined) throw new LabError(`no ${what} in ${folder}; remove that folder to fetch it again`);
  return found;
}

/** @param {string} folder */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
