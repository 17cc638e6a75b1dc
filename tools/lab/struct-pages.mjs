// @ts-check

/** @typedef {{ pfn: bigint, va: bigint }} StructPage */

/**
 * The sections that have memory, by number: those that System RAM and device memory of /proc/iomem lie in.
 * @param {string} iomem
 * @param {bigint} sectionBytes
 * @returns {readonly bigint[]}
 */
export function sectionsOf(iomem, sectionBytes) {
  /** @type {Set<bigint>} */
  const found = new Set();
  for (const line of iomem.split('\n')) {
    const [, start, end] = /^ *([0-9a-f]+)-([0-9a-f]+) : (?:System RAM(?: \(.*\))?|dax\d+\.\d+)$/.exec(line) ?? [];
    if (start === undefined) continue;
    const last = BigInt(`0x${end}`) / sectionBytes;
    for (let nr = BigInt(`0x${start}`) / sectionBytes; nr <= last; nr++) found.add(nr);
  }
  return [...found].sort((a, b) => (a < b ? -1 : 1));
}

/**
 * Struct pages to ask QEMU about: first, last and one between of each section, or of as many sections as fit.
 * @param {readonly bigint[]} sections
 * @param {import('./vmcoreinfo.mjs').Geometry} geometry
 * @param {number} most how many
 * @returns {readonly StructPage[]}
 */
export function structPagesOf(sections, { vmemmap, structPageSize, pageSize, sectionBytes }, most) {
  const perSection = sectionBytes / BigInt(pageSize);
  const step = Math.max(1, Math.ceil((sections.length * 3) / most));
  const chosen = sections.filter((_, n) => n % step === 0 || n === sections.length - 1);
  return chosen.flatMap((nr) => {
    const first = nr * perSection;
    // Any page will do, and the same one each time; those that lie next to each other would share a table.
    const between = 1n + ((nr * 2_654_435_761n) % (perSection - 2n));
    return [0n, between, perSection - 1n].map((offset) => {
      const pfn = first + offset;
      return { pfn, va: BigInt.asUintN(64, vmemmap + pfn * BigInt(structPageSize)) };
    });
  });
}

/**
 * QEMU's answer to gva2gpa.
 * @param {string} text
 * @returns {bigint | undefined} undefined when the address is not mapped
 */
export function physicalOf(text) {
  const [, digits] = /^gpa: (0x[0-9a-f]+)$/.exec(text) ?? [];
  return digits === undefined ? undefined : BigInt(digits);
}
