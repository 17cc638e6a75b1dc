// @ts-check
import { gzipSync } from 'node:zlib';
import { cpio } from './cpio.mjs';
import { guestShell } from './guest-output.mjs';

const FOLDER = '/lab';

/** Kernel argument that starts the lab's shell, whatever else an initramfs holds. */
export const RDINIT = `rdinit=${FOLDER}/init`;

/** What loads the modules of an initramfs, in their order, in the guest. */
export const LOAD_MODULES = `for m in $(cat ${FOLDER}/modules); do insmod ${FOLDER}/$m.ko || exit 1; done`;

/**
 * An initramfs with the lab's shell.
 * @param {Uint8Array} busybox a static one, of the guest's architecture
 * @param {readonly { name: string, data: Uint8Array }[]} modules in the order in which they can be loaded
 * @param {Uint8Array} [given] another initramfs; the kernel unpacks one after the other
 * @returns {Buffer}
 */
export function initramfs(busybox, modules, given = new Uint8Array()) {
  const own = cpio([
    // The kernel opens its console before anything has mounted /dev.
    { path: 'dev/', mode: 0o755 },
    { path: 'lab/', mode: 0o755 },
    { path: 'lab/busybox', mode: 0o755, data: busybox },
    { path: 'lab/init', mode: 0o755, data: Buffer.from(guestShell(`${FOLDER}/busybox`)) },
    { path: 'lab/modules', mode: 0o644, data: Buffer.from(modules.map(({ name }) => `${name}\n`).join('')) },
    ...modules.map(({ name, data }) => ({ path: `lab/${name}.ko`, mode: 0o644, data })),
  ]);
  return Buffer.concat([given, Buffer.alloc(-given.length & 3), gzipSync(own, { level: 1 })]);
}
