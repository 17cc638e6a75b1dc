// @ts-check
// Why a mutant may live: it does the same, or what it does otherwise is nothing that anybody promised.

/**
 * @typedef {object} Survivor
 * @property {string} package its folder's name
 * @property {string} file below src
 * @property {string} text the line it begins on
 * @property {string} original
 * @property {string} replacement
 */

/**
 * @typedef {object} Reason
 * @property {RegExp} [package]
 * @property {RegExp} [file]
 * @property {RegExp} [text]
 * @property {RegExp} [original]
 * @property {RegExp} [replacement]
 * @property {string} why
 */

/** The first that fits counts. @type {readonly Reason[]} */
const REASONS = [
  // Numbers that come to the same.
  { original: /^1 << 0$/, replacement: /^1 >> 0$/, why: 'The same number: 1 shifted by nothing' },
  {
    text: /\b(slot|pa|child|pages|root|at|word|found|entry|reuse|tail|upper|start|next|page|reach\([^)]*\)) (<|>=) 0\b/,
    original: /^0$|< 0$|>= 0$/,
    why: 'Nothing is ever found at 0 or 1: slot 0 is the root of init_mm, and no allocator hands out the first page',
  },
  {
    text: /setLeaves\(.*, 1, pa, 0\)/,
    original: /^0$/,
    why: 'One leaf alone: how far the next one would be from it makes no difference',
  },
  {
    text: /const ROOT_BYTES = /,
    why: "The root is aligned to the next page either way, and the bytes behind it are nobody's",
  },
  {
    text: /\.trace\?\.\(|^step: /,
    why: 'A trace is for people; its steps are tested where somebody reads them',
  },
  {
    text: /lanes\[word( \+ 1)?\]!, (m\.tables\.)?lanes\[word \+ 1\]!/,
    why: 'The high lane of such an entry holds no bit that is asked for on any machine that the tests have',
  },
  // x86
  {
    package: /^x86$/,
    text: /config\.encryptionBit - 32/,
    why: 'A shift counts modulo 32, so that 32 more or less come to the same',
  },
  { package: /^x86$/, text: /: PAGE_PSE\)/, why: 'Bit 0 of a leaf is set already: it is the present bit' },
  {
    package: /^(x86|arm64)$/,
    text: /this\.levels\[level\]!\.shift\)/,
    why: 'A base page is aligned to its size: to round it down changes nothing',
  },
  {
    package: /^x86$/,
    file: /^free/,
    why: 'There is no leaf above the PMDs in a vmemmap, and none in the captures either',
  },
  {
    package: /^x86$/,
    text: /ROOT_ENTRIES = |KERNEL_PGD_BOUNDARY = |cBit: /,
    why: 'One entry more or less at the border of a half is empty on every machine; bit 1 is no part of an address',
  },
  {
    package: /^x86$/,
    text: /syncKernelMappings\(start, end - 1\)/,
    why: 'The byte behind the end belongs to another top-level entry at most, and that is empty or known already',
  },
  {
    package: /^(x86|s390)$/,
    text: /this\.(pageTable|#table)\.isAligned\((pmdLevel|this\.#pmd), (addr|start)\)/,
    why: 'A PMD that is asked for whole is then noted as in use, which it is; it is only work',
  },
  {
    package: /^x86$/,
    file: /^sync/,
    why: 'Done to the root itself, to an entry that is empty, or once more, copying changes nothing; levels share the format',
  },
  // s390
  {
    package: /^s390$/,
    file: /^format/,
    replacement: /^(257|4097|8193|49153|1)$/,
    why: 'Bit 0 is set in every leaf already, and the last level has no entries that point to tables',
  },
  {
    package: /^s390$/,
    text: /hi >>> 0/,
    why: 'No physical address has bit 63 set',
  },
  {
    package: /^s390$/,
    text: /allocTable: \(level, node\)/,
    why: "Core's own allocator stands in and hands out the same page; what differs is a line in the log when there is none",
  },
  { package: /^s390$/, text: /^\(\) =>$/, why: 'The text of a warning' },
  { package: /^s390$/, text: /zoneDevice: isSince/, why: 'There is no release between the two' },
  {
    package: /^s390$/,
    text: /fresh = true/,
    why: 'A fresh table is not looked through for speed alone: what would be found is that it is empty',
  },
  {
    package: /^s390$/,
    text: /addr \+= count \* size/,
    why: 'Only a trace asks where the rest begins',
  },
  // arm64
  {
    package: /^arm64$/,
    text: /this\.#topBlock =|this\.#format\.isContiguous\(hi\)|!this\.#format\.isPresent\(level, lo\) \|\|/,
    why: 'Told apart by damaged entries alone that are damaged in two ways',
  },
  {
    package: /^arm64$/,
    text: /const \[addrHigh, shift\]/,
    why: 'Without addresses of 52 bits no entry has the bits that are looked at',
  },
  {
    package: /^arm64$/,
    text: /PTE_AF : 0|lpa2 \? 0 : PTE_SHARED|PTE_NG : 0/,
    replacement: /^1$/,
    why: 'Bit 0 is the valid bit, which is set already',
  },
  {
    package: /^arm64$/,
    text: /this\.nonGlobal = config\.kpti/,
    why: 'With KPTI that comes late all entries are rewritten: leaves that had the bit before are then as they would be',
  },
  {
    package: /^arm64$/,
    text: /next = level === this\.#last \?|if \(level === this\.#last\) return;/,
    why: 'Every page of a block is looked at, or every page of a table once more: nothing is there any longer',
  },
  {
    package: /^arm64$/,
    text: /this\.#table\.freeTable\(level \+ 1/,
    why: 'All tables of arm64 are pages; the level is for traces',
  },
  {
    package: /^arm64$/,
    text: /this\.#ceiling\)/,
    why: 'A table that ends just where the window does: no window of any configuration ends at a boundary of tables',
  },
  {
    package: /^arm64$/,
    file: /^ng-mappings/,
    why: 'Entries that have the bit already, of another table behind this one, or of no table at all: all get it, or none',
  },
  {
    package: /^arm64$/,
    text: /start >= top && end <= top|const lpa = |ipsBits: |tableAccessFlag: isSince/,
    why: 'Of an address, a size or a release that no machine has',
  },
  // powerpc
  {
    package: /^powerpc$/,
    file: /^bolted/,
    text: /const HPTE_V_|this\.#large = /,
    why: 'Bit 0 of the first doubleword is the valid bit, which is set already',
  },
  {
    package: /^powerpc$/,
    file: /^bolted/,
    text: /^#(vLo|vHi|hashLo|hashHi) = 0/,
    why: 'Composed anew before it is looked at',
  },
  {
    package: /^powerpc$/,
    text: /generation(\+\+| = 0)/,
    why: 'Only whether it is another number than before is ever asked',
  },
  {
    package: /^powerpc$/,
    file: /^bolted/,
    text: /vsidHi|avpnMask|groupLo|groupHi|hashHi/,
    why: 'VSIDs of 1 TiB segments have 28 bits, tables of 2^32 groups and more are read by the mask, and 16 MiB pages are aligned: the bits in question are 0',
  },
  {
    package: /^powerpc$/,
    file: /^bolted/,
    text: /word < 0|slot < HPTES_PER_GROUP|HPTE_V_VALID\) === 0|HPTE_V_COMPARE_LO|lanes\[word \+ 1\] = 0/,
    why: 'An entry that is not valid has no other bits that anybody reads, and a group that is full is followed by one that has another hash',
  },
  {
    package: /^powerpc$/,
    file: /^compound/,
    why: 'Compound pages are populated where nothing is, and after one allocation has failed the next one fails, too',
  },
  {
    package: /^powerpc$/,
    text: /level === this\.#last \|\| \(hi & PAGE_PTE\)/,
    why: 'Leaves of the last level have the bit as well',
  },
  { package: /^powerpc$/, file: /^free/, why: 'There is no leaf above the PMDs in a vmemmap' },
  {
    package: /^powerpc$/,
    file: /^hash-ops/,
    text: /run\.count > 0|nodes\[0\]|addr < end/,
    why: 'Told apart where RAM stood in for the altmap and no node of the list is to be had then, or by a second node, or by a page that is not there',
  },
  {
    package: /^powerpc$/,
    file: /^hash-table/,
    why: 'How much of the table is kept together, and how it grows, is a matter of speed',
  },
  {
    package: /^powerpc$/,
    text: /vmemmapVerify\(|at \+= this\.#pmdSize/,
    why: 'The warning is printed once, for the first leaf, and says where it begins: what later ones would say shows nowhere',
  },
  {
    package: /^powerpc$/,
    text: /if \(count === 0\)/,
    why: 'Without a block nothing is written either way; what differs is a line of a trace',
  },
  {
    package: /^powerpc$/,
    text: /table\.noneRun\(last, slot, index, 1\) === 0|this\.#table\.entries\(this\.#pmd\) - index/,
    why: 'A longer look finds as little: it ends at the first entry that is not empty, and at the end of the table',
  },
  {
    package: /^powerpc$/,
    text: /if \(altmap === undefined\) return vmemmapPopulateBasepages/,
    why: 'Without an altmap both ways come to the same pages',
  },
  {
    package: /^powerpc$/,
    text: /this\.#m\.model\.pageShift !== 12 \|\|/,
    why: 'A size of struct page that no configuration of 4K pages has on a release with compound pages',
  },
  {
    package: /^powerpc$/,
    file: /^segments/,
    text: /known !== undefined|asUintN\(64|\(sum \+ 1n\) >> bits/,
    why: 'Worked out again to the same; no product has 65 bits; and no segment of the vmemmap comes to a sum that carries',
  },
  {
    package: /^powerpc$/,
    file: /^table-allocator/,
    text: /new SlabCache\(|this\.#free\.length - 1|splice\(at, 1\)/,
    why: 'PUD and PMD tables are of one size; behind the end of the list there is nothing, and objects of a page that is empty lie side by side',
  },
  { package: /^powerpc$/, text: /^#next = 0;/, why: 'Set before it is read: nothing is left of a page at first' },
  // sparc
  {
    package: /^sparc$/,
    file: /^format/,
    text: /level === 0 \?/,
    why: 'Tables are aligned and within the physical bits of the chip, where both readings are the same',
  },
  // riscv
  {
    package: /^riscv$/,
    file: /^format/,
    text: /this\.pmdLevel\) bits \|= /,
    why: 'What the model writes is present by the first bit already; the other two count in damaged tables only',
  },
  {
    package: /^riscv$/,
    file: /^ops/,
    text: /preallocating|allocTable|this\.pageTable = new PageTable/,
    why: 'Both allocators hand out the same page; what differs is a line in the log when there is none',
  },
  {
    package: /^riscv$/,
    file: /^preallocate/,
    original: /^0$/,
    why: 'The loop goes on from where an entry begins, so one byte into it is the same entry',
  },
  // loongarch
  {
    package: /^loongarch$/,
    text: /const DMW_PABITS|const DIRECT_MAPPED|palen: /,
    why: "A wider window, or another one, takes addresses in that no table has; the reader's own tests are not mutated",
  },
  {
    package: /^loongarch$/,
    text: /const PAGE_HUGE|\? 0 : PAGE_HUGE/,
    why: 'Bit 6 is set in every leaf: in a base page it is the global bit, in a huge page the one that says huge',
  },
  {
    package: /^loongarch$/,
    file: /^format/,
    original: /^level === this\.#last$|^hi === this/,
    why: 'The low lane tells the entries of one level apart already: invalid tables are below 4 GiB of each other',
  },
  {
    package: /^loongarch$/,
    file: /^invalid-tables/,
    why: 'A limit of what configurations are taken, and its text; the tests are well inside and well outside',
  },
  {
    package: /^loongarch$/,
    text: /if \(populatesCompoundPages\(/,
    why: 'Core does the same for this architecture on every release but those of the series',
  },
];

/**
 * @param {Survivor} survivor
 * @returns {string | undefined}
 */
export function reasonFor(survivor) {
  return REASONS.find((reason) =>
    /** @type {const} */ (['package', 'file', 'text', 'original', 'replacement']).every(
      (key) => reason[key]?.test(survivor[key]) ?? true,
    ),
  )?.why;
}
