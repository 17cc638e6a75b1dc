import { VmemmapError } from './errors.ts';

/**
 * A kernel revision, as data: what about the memmap differs from one revision to the next.
 * Code asks for a policy, never for a name.
 */
export interface KernelRelease {
  /** What it is asked for by. */
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /**
   * The version of Linux it is, or is based on: major, minor. Only for {@link isSince}, by which a plugin looks up what
   * changed on its own architecture alone.
   */
  readonly version: readonly [number, number];
  /**
   * Boot takes one buffer per run of sections on a node and carves leaves out of it upwards
   * (mm/sparse.c:sparse_buffer_init). Without it each block is an allocation of its own.
   */
  readonly sparseBuffer: boolean;
  /**
   * What sparse_init_nid() does when a section's memmap cannot be had at boot: `absent` logs it and takes this and the
   * following sections of the node out; `panic` stops.
   */
  readonly bootFailure: 'absent' | 'panic';
  /**
   * Writing a new top-level entry tells every other address space at once
   * (include/linux/pgalloc.h:pgd_populate_kernel, p4d_populate_kernel).
   */
  readonly syncsNewTopLevelEntries: boolean;
  /** vmemmap_populate() and the generic functions below it are handed the `pgmap`. Before, they never see it. */
  readonly passesPgmap: boolean;
  /**
   * Who sees to compound device memory that can be optimised: `generic`, __populate_section_memmap() calls
   * vmemmap_populate_compound_pages() past the architecture; `arch`, vmemmap_populate() is called for it too, so that the
   * architecture's own steps run.
   */
  readonly compoundPages: 'generic' | 'arch';
  /**
   * What the memmap counters are told about added memory. `on-success`: all of it, once it is populated, and taken off
   * again also when it was not; `as-if-populated`: all of it, also when populating failed, so that taking it off evens
   * out, and of an optimised range only the pages it really takes
   * (mm/sparse-vmemmap.c:populate_section_memmap, section_nr_vmemmap_pages).
   */
  readonly memmapAccounting: 'on-success' | 'as-if-populated';
  /**
   * How the tail pages of device memory in compound pages are shared. `own`: the second page of each compound, writable;
   * `zone`: one page of the node's ZONE_DEVICE for each order, read-only, and the compound keeps its first page alone.
   */
  readonly daxTail: 'own' | 'zone';
  /** memremap_pages() refuses compounds larger than MAX_FOLIO_ORDER (mm/memremap.c). Since 6.18. */
  readonly limitsDeviceFolios: boolean;
  /**
   * What the tails of an optimised HugeTLB page are mapped to. `own-head`: its own head page; `zone`: one page that all
   * HugeTLB pages of a zone and size share (mm/hugetlb_vmemmap.c:vmemmap_get_tail).
   */
  readonly hugetlbTail: 'own-head' | 'zone';
  /**
   * Gigantic pages of boot that are never populated in full, on an architecture with `hugetlb-vmemmap-preinit`: `no`;
   * `late`, after sparse_init(), populated as ever when that fails; `early`, before it, and it stops when that fails
   * (mm/hugetlb_vmemmap.c:hugetlb_vmemmap_init_early, _late).
   */
  readonly hugetlbPreinit: 'no' | 'late' | 'early';
  /**
   * Tails of such pages are mapped read-only at once. Before, writable, and write-protected when the struct pages are
   * initialised (mm/sparse-vmemmap.c:vmemmap_wrprotect_hvo).
   */
  readonly preinitReadOnly: boolean;
  /**
   * A section whose memmap is populated ahead of HugeTLB pages has a flag of its own
   * (include/linux/mmzone.h: SECTION_IS_VMEMMAP_PREINIT).
   */
  readonly preinitSections: boolean;
  /**
   * A tail's compound_info is the mask that leads from its own address to its head, equal for all tails of an order, where
   * HugeTLB pages can be optimised and struct pages are a power of two. Before, it is the head's address
   * (include/linux/page-flags.h:compound_info_has_mask).
   */
  readonly compoundInfoMask: boolean;
}

const LINUX_7_3: KernelRelease = {
  name: '7.3',
  title: 'Linux 7.3-rc7',
  version: [7, 3],
  sparseBuffer: false,
  bootFailure: 'panic',
  syncsNewTopLevelEntries: true,
  passesPgmap: false,
  compoundPages: 'generic',
  memmapAccounting: 'as-if-populated',
  daxTail: 'own',
  limitsDeviceFolios: true,
  hugetlbTail: 'zone',
  hugetlbPreinit: 'early',
  preinitReadOnly: false,
  preinitSections: true,
  compoundInfoMask: true,
};

const SERIES = '"Generalize vmemmap optimization for DAX and HugeTLB"';

const SERIES_04: KernelRelease = {
  ...LINUX_7_3,
  name: 'series-04',
  title: `Linux 7.3-rc7 with patches 1 to 4 of ${SERIES}`,
  passesPgmap: true,
};

const SERIES_05: KernelRelease = {
  ...SERIES_04,
  name: 'series-05',
  title: `Linux 7.3-rc7 with patches 1 to 5 of ${SERIES}`,
  compoundPages: 'arch',
};

/** The modelled revisions, oldest first. */
export const releases: readonly KernelRelease[] = [
  {
    ...LINUX_7_3,
    name: '6.12',
    title: 'Linux 6.12.107 (stable, with the page-directory sync and the accounting fixes ported back)',
    version: [6, 12],
    sparseBuffer: true,
    bootFailure: 'absent',
    hugetlbTail: 'own-head',
    hugetlbPreinit: 'no',
    limitsDeviceFolios: false,
    preinitSections: false,
    compoundInfoMask: false,
  },
  {
    ...LINUX_7_3,
    name: '6.16',
    title: 'Linux 6.16, the last that does not sync new top-level entries when it makes them',
    version: [6, 16],
    sparseBuffer: true,
    bootFailure: 'absent',
    syncsNewTopLevelEntries: false,
    memmapAccounting: 'on-success',
    limitsDeviceFolios: false,
    hugetlbTail: 'own-head',
    hugetlbPreinit: 'late',
    compoundInfoMask: false,
  },
  {
    ...LINUX_7_3,
    name: '7.2',
    title: 'Linux 7.2.13',
    version: [7, 2],
    bootFailure: 'absent',
    hugetlbPreinit: 'late',
  },
  LINUX_7_3,
  {
    ...LINUX_7_3,
    name: '7.3-unsynced',
    title: 'Linux 7.3-rc7 less the sync of new top-level entries',
    syncsNewTopLevelEntries: false,
  },
  SERIES_04,
  SERIES_05,
  {
    ...SERIES_05,
    name: 'series-05-unsynced',
    title: `Linux 7.3-rc7 with patches 1 to 5 of ${SERIES}, less the sync of new top-level entries`,
    syncsNewTopLevelEntries: false,
  },
  {
    ...SERIES_05,
    name: 'series-49',
    title: `Linux 7.3-rc7 with all of ${SERIES}, as far as it can be inferred`,
    passesPgmap: false,
    daxTail: 'zone',
    preinitReadOnly: true,
  },
];

/** The release used when none is asked for. */
export const defaultRelease = '7.2';

/** True when `release` is Linux major.minor or later. */
export function isSince({ version }: KernelRelease, major: number, minor: number): boolean {
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

/**
 * Finds a release by name.
 * @throws VmemmapError `UNKNOWN_RELEASE`
 */
export function findRelease(name: string): KernelRelease {
  const release = releases.find((candidate) => candidate.name === name);
  if (release === undefined) {
    throw new VmemmapError(
      'UNKNOWN_RELEASE',
      `no release ${JSON.stringify(name)}; choose one of ${releases.map((r) => r.name).join(', ')}`,
    );
  }
  return release;
}
