// @ts-check
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './deadline.mjs';
import { physicalOf, sectionsOf, structPagesOf } from './struct-pages.mjs';
import { geometry, noteAt, noteText } from './vmcoreinfo.mjs';

/**
 * What the running guest says of itself.
 * @param {import('./guest.mjs').Guest} guest
 */
export async function guestEvidence(guest) {
  const lines = async (/** @type {string} */ command) => (await guest.read(command)).split('\n');
  return {
    uname: await guest.read('uname -a'),
    cmdline: await guest.read('cat /proc/cmdline'),
    iomem: await lines('cat /proc/iomem'),
    vmstat: await lines('grep nr_memmap /proc/vmstat || true'),
    note: noteAt(await guest.read('cat /sys/kernel/vmcoreinfo')),
    hugepages: await lines(
      'for h in /sys/kernel/mm/hugepages/*; do [ -d $h ] && echo $(basename $h) $(cat $h/nr_hugepages); done; true',
    ),
  };
}

/**
 * Stops the guest while its CPU is in the kernel, where the kernel's own tables are in use, and asks QEMU's own MMU for
 * struct pages. The guest is stopped afterwards.
 * @param {import('./machine.mjs').Machine} machine
 * @param {Awaited<ReturnType<typeof guestEvidence>>} evidence
 * @param {number} most struct pages to ask about
 */
export async function askMmu({ guest, qmp }, { iomem, note }, most) {
  await qmp.execute('stop');
  const vmcoreinfo = noteText(await physicalMemory(qmp, note.address, note.size));
  const where = geometry(vmcoreinfo);
  const pages = structPagesOf(sectionsOf(iomem.join('\n'), where.sectionBytes), where, most);
  const ask = async (/** @type {bigint} */ va) => physicalOf(await qmp.human(`gva2gpa 0x${va.toString(16)}`));
  const first = pages[0];
  if (first !== undefined) {
    await until(30, 'stopping the guest in the kernel', async () => {
      await qmp.execute('stop');
      if ((await ask(first.va)) !== undefined) return true;
      await qmp.execute('cont');
      await guest.run('true');
      return undefined;
    });
  }
  const gva2gpa = [];
  for (const { pfn, va } of pages) gva2gpa.push({ pfn: hex(pfn), va: hex(va), gpa: hex(await ask(va)) });
  return { vmcoreinfo, gva2gpa };
}

/** @param {bigint | undefined} value */
function hex(value) {
  return value === undefined ? null : `0x${value.toString(16)}`;
}

/**
 * @param {import('./qmp.mjs').Qmp} qmp
 * @param {bigint} address
 * @param {number} size
 * @returns {Promise<Buffer>}
 */
async function physicalMemory(qmp, address, size) {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  try {
    const filename = join(folder, 'memory');
    await qmp.execute('pmemsave', { val: Number(address), size, filename });
    return readFileSync(filename);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
