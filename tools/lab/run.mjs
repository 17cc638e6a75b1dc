// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { archNamed } from './arches.mjs';
import { until } from './deadline.mjs';
import { withPmem } from './device-tree.mjs';
import { dumpMemory } from './dump.mjs';
import { askMmu, guestEvidence } from './evidence.mjs';
import { handOver } from './hand-over.mjs';
import { initramfs, RDINIT } from './initramfs.mjs';
import { packagedKernel } from './kernels.mjs';
import { LabError } from './lab-error.mjs';
import { Machine } from './machine.mjs';
import { outputOf, programPath } from './programs.mjs';
import { setUp } from './set-up.mjs';

/**
 * Boots, does, dumps, and hands over.
 * @param {import('./options.mjs').Options} options
 * @param {(text: string) => void} say what is going on
 */
export async function runLab(options, say) {
  const arch = archNamed(options.arch);
  const plan = setUp(arch, options);
  const hint = `install the package ${arch.qemuPackage}, or name a folder that has it with --qemu`;
  const qemu = programPath(`qemu-system-${arch.qemu}`, hint, options.qemu === undefined ? undefined : [options.qemu]);
  const kernel = kernelOf(arch, options, say);
  const out = resolve(
    options.out ?? join(options.cache, 'runs', `${arch.name}-${new Date().toISOString().replaceAll(':', '')}`),
  );
  mkdirSync(out, { recursive: true });
  const base = join(out, arch.name);
  const initrd = `${base}.initrd`;
  const given = options.initrd === undefined ? undefined : readFile(options.initrd);
  writeFileSync(
    initrd,
    initramfs(readFile(kernel.busybox), plan.modules.length > 0 ? kernel.modules(plan.modules) : [], given),
  );
  const append = `${plan.append} ${RDINIT}`;
  const args = [
    ...plan.qemu,
    ...(plan.pmemRegion === undefined ? [] : ['-dtb', deviceTree(qemu, plan.qemu, plan.pmemRegion, `${base}.dtb`)]),
    ...(kernel.firmware === undefined ? [] : ['-bios', kernel.firmware]),
    ...['-kernel', kernel.image, '-initrd', initrd, '-append', append],
  ];
  say(`${basename(qemu)} ${plan.qemu.join(' ')}, Linux ${kernel.release}, ${append}`);
  const machine = await Machine.start(qemu, args, `${base}.console`);
  try {
    await machine.guest.ready(options.bootSeconds);
    say('the guest is up');
    const steps = [];
    for (const step of plan.steps) steps.push(await doStep(machine, step));
    const guest = await guestEvidence(machine.guest);
    const asked = await askMmu(machine, guest, options.ask);
    say(
      `stopped; QEMU's MMU maps ${asked.gva2gpa.filter(({ gpa }) => gpa !== null).length} of ${asked.gva2gpa.length} struct pages`,
    );
    const dumps = [];
    for (const format of options.format) {
      const file = `${base}.${format}`;
      await dumpMemory(machine.qmp, format, file, options.dumpSeconds);
      say(`dumped: ${file}`);
      dumps.push(file);
    }
    const { note, ...rest } = guest;
    const collected = {
      arch: arch.name,
      kernel: kernel.release,
      qemu: args,
      ...rest,
      steps,
      vmcoreinfo: { address: `0x${note.address.toString(16)}`, size: note.size, text: asked.vmcoreinfo },
      gva2gpa: asked.gva2gpa,
      dumps,
    };
    writeFileSync(`${base}.json`, `${JSON.stringify(collected, undefined, 1)}\n`);
    await machine.stop();
    const handed = options.audit ? dumps.map((dump) => ({ dump, ...handOver(dump, dump) })) : [];
    return { out, collected, handed };
  } finally {
    await machine.stop();
  }
}

/**
 * @param {import('./arches.mjs').LabArch} arch
 * @param {import('./options.mjs').Options} options
 * @param {(text: string) => void} say
 * @returns {import('./kernels.mjs').Kernel}
 */
function kernelOf(arch, options, say) {
  const { kernel, busybox, cache, suite, flavour = arch.flavour } = options;
  // A package is fetched only for what is not given.
  const packaged =
    kernel !== undefined && busybox !== undefined && arch.firmware === undefined
      ? undefined
      : packagedKernel(arch, { cache: resolve(cache), suite, flavour, say });
  if (kernel === undefined && packaged !== undefined) return { ...packaged, busybox: busybox ?? packaged.busybox };
  return {
    release: basename(/** @type {string} */ (kernel)),
    image: /** @type {string} */ (kernel),
    busybox: busybox ?? /** @type {string} */ (packaged?.busybox),
    firmware: packaged?.firmware,
    modules: (names) => {
      throw new LabError(`a kernel that is given has no modules, and this set-up needs ${names.join(', ')}`);
    },
  };
}

/**
 * The machine's own device tree with a region of persistent memory.
 * @param {string} qemu
 * @param {readonly string[]} args of the machine
 * @param {{ start: number, bytes: number }} region
 * @param {string} file
 */
function deviceTree(qemu, args, region, file) {
  outputOf(qemu, [...args, '-nodefaults', '-display', 'none', '-serial', 'null', '-machine', `dumpdtb=${file}`]);
  writeFileSync(file, withPmem(readFile(file), region));
  return file;
}

/** @param {string} file */
function readFile(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new LabError(`${file} cannot be read: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {Machine} machine
 * @param {import('./set-up.mjs').Step} step
 */
async function doStep({ guest, qmp }, step) {
  if ('guest' in step) return { guest: step.guest, output: await guest.read(step.guest) };
  const memory = '/sys/devices/system/memory';
  const online = async () => Number(await guest.read(`grep -l '^online' ${memory}/memory*/state | wc -l`));
  const blockBytes = Number.parseInt(await guest.read(`cat ${memory}/block_size_bytes`), 16);
  const goal = (await online()) + Math.floor(step.bytes / blockBytes);
  for (const { command, args } of step.add) await qmp.execute(command, args);
  await until(120, 'taking the added memory online', async () => ((await online()) >= goal ? true : undefined));
  return { add: step.add, blockBytes, online: goal };
}
