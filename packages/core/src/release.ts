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
   * A section whose memmap is populated ahead of HugeTLB pages has a flag of its own
   * (include/linux/mmzone.h: SECTION_IS_VMEMMAP_PREINIT).
   */
  readonly preinitSections: boolean;
}

const LINUX_7_3: KernelRelease = {
  name: '7.3',
  title: 'Linux 7.3-rc7',
  version: [7, 3],
  sparseBuffer: false,
  bootFailure: 'panic',
  syncsNewTopLevelEntries: true,
  passesPgmap: false,
  preinitSections: true,
};

/** The modelled revisions, oldest first. */
export const releases: readonly KernelRelease[] = [
  {
    name: '6.12',
    title: 'Linux 6.12.107 (stable, with the page-directory sync ported back)',
    version: [6, 12],
    sparseBuffer: true,
    bootFailure: 'absent',
    syncsNewTopLevelEntries: true,
    passesPgmap: false,
    preinitSections: false,
  },
  {
    name: '7.2',
    title: 'Linux 7.2.13',
    version: [7, 2],
    sparseBuffer: false,
    bootFailure: 'absent',
    syncsNewTopLevelEntries: true,
    passesPgmap: false,
    preinitSections: true,
  },
  LINUX_7_3,
  {
    ...LINUX_7_3,
    name: 'series-04',
    title: 'Linux 7.3-rc7 with patches 1 to 4 of "Generalize vmemmap optimization for DAX and HugeTLB"',
    passesPgmap: true,
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
