// @ts-check
import { LabError } from './lab-error.mjs';

/**
 * What the lab knows of an architecture's machine in QEMU and of its kernel packages.
 * @typedef {object} LabArch
 * @property {string} name as the plugins call it
 * @property {string} debian as Debian calls it
 * @property {string} flavour of the kernel package, unless another is asked for
 * @property {readonly string[]} flavours others that are known to boot
 * @property {string} qemu QEMU's name of it: qemu-system-…
 * @property {string} qemuPackage the Debian package that holds that program
 * @property {string} console the kernel's name of the console that QEMU connects
 * @property {string} machine QEMU's machine
 * @property {string} cpu QEMU's CPU
 * @property {{ readonly package: string, readonly file: string } | undefined} firmware needed to start a kernel
 * @property {'dimm' | 'virtio-mem' | undefined} hotplug how memory can be added to the running machine
 * @property {((memory: number) => number) | undefined} memoryEnd where the memory of a machine with so many bytes ends, where
 *   QEMU puts a DIMM next to it although a memory block of the kernel starts further on
 * @property {'nvdimm' | { readonly ramStart: number } | undefined} pmem how a machine gets persistent memory: as a device,
 *   or as a part of its RAM, which starts there, that the device tree calls so
 */

/** @type {readonly LabArch[]} */
export const arches = [
  {
    name: 'x86',
    debian: 'amd64',
    flavour: 'amd64',
    flavours: [],
    qemu: 'x86_64',
    qemuPackage: 'qemu-system-x86',
    console: 'ttyS0',
    machine: 'pc',
    cpu: 'max',
    firmware: undefined,
    hotplug: 'dimm',
    memoryEnd: undefined,
    pmem: 'nvdimm',
  },
  {
    name: 'arm64',
    debian: 'arm64',
    flavour: 'arm64',
    flavours: ['arm64-16k'],
    qemu: 'aarch64',
    qemuPackage: 'qemu-system-arm',
    console: 'ttyAMA0',
    machine: 'virt',
    cpu: 'max',
    firmware: undefined,
    // Without firmware there is no ACPI, and memory that is plugged in is not announced.
    hotplug: 'virtio-mem',
    memoryEnd: undefined,
    pmem: { ramStart: 2 ** 30 },
  },
  {
    name: 'riscv',
    debian: 'riscv64',
    flavour: 'riscv64',
    flavours: [],
    qemu: 'riscv64',
    qemuPackage: 'qemu-system-riscv',
    console: 'ttyS0',
    machine: 'virt',
    cpu: 'max',
    firmware: undefined,
    hotplug: undefined,
    memoryEnd: undefined,
    pmem: { ramStart: 2 ** 31 },
  },
  {
    name: 's390',
    debian: 's390x',
    flavour: 's390x',
    flavours: [],
    qemu: 's390x',
    qemuPackage: 'qemu-system-s390x',
    console: 'ttysclp0',
    machine: 's390-ccw-virtio',
    cpu: 'max',
    firmware: undefined,
    hotplug: undefined,
    memoryEnd: undefined,
    pmem: undefined,
  },
  {
    name: 'powerpc',
    debian: 'ppc64el',
    flavour: 'powerpc64le',
    flavours: ['powerpc64le-64k'],
    qemu: 'ppc64',
    qemuPackage: 'qemu-system-ppc',
    console: 'hvc0',
    machine: 'pseries',
    cpu: 'power9',
    firmware: undefined,
    hotplug: 'dimm',
    memoryEnd: undefined,
    pmem: undefined,
  },
  {
    name: 'loongarch',
    debian: 'loong64',
    flavour: 'loong64',
    flavours: [],
    qemu: 'loongarch64',
    qemuPackage: 'qemu-system-misc',
    console: 'ttyS0',
    machine: 'virt',
    cpu: 'la464',
    firmware: { package: 'qemu-efi-loongarch64', file: 'QEMU_EFI.fd' },
    hotplug: 'dimm',
    // The first 256 MiB lie at 0, the others at 2 GiB (QEMU's hw/loongarch/virt.c).
    memoryEnd: (memory) => 2 ** 31 + memory - 2 ** 28,
    pmem: undefined,
  },
];

/**
 * @param {string} name
 * @returns {LabArch}
 */
export function archNamed(name) {
  const found = arches.find((arch) => arch.name === name);
  if (found !== undefined) return found;
  const known = arches.map((arch) => arch.name).join(', ');
  throw new LabError(`no kernel package is known for "${name}"; choose one of ${known}`);
}
