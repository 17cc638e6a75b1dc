/**
 * What a kernel function returns: 0, or a negative errno.
 * Values as in include/uapi/asm-generic/errno-base.h and include/linux/errno.h.
 */
export type Errno = 0 | -1 | -6 | -7 | -12 | -14 | -16 | -17 | -22 | -524;

/** Success. */
export const OK = 0;
/** Memory of boot that the architecture does not let go (arm64). */
export const EPERM = -1;
/** Device memory where system RAM is. */
export const ENXIO = -6;
/** Memory beyond the addresses that can be used. */
export const E2BIG = -7;
/** No memory could be had for a table or for struct pages. */
export const ENOMEM = -12;
/** No hash table entry could be had (powerpc). */
export const EFAULT = -14;
/** Memory that cannot be taken away since it is in use. */
export const EBUSY = -16;
/** A subsection was added twice. */
export const EEXIST = -17;
/** A range that the kernel refuses to add. */
export const EINVAL = -22;
/** A HugeTLB page whose memmap lies in the memory it describes. */
export const ENOTSUPP = -524;

const NAMES: Readonly<Record<Errno, string>> = {
  [OK]: 'OK',
  [EPERM]: 'EPERM',
  [ENXIO]: 'ENXIO',
  [E2BIG]: 'E2BIG',
  [ENOMEM]: 'ENOMEM',
  [EFAULT]: 'EFAULT',
  [EBUSY]: 'EBUSY',
  [EEXIST]: 'EEXIST',
  [EINVAL]: 'EINVAL',
  [ENOTSUPP]: 'ENOTSUPP',
};

/** The kernel's name of an errno: `ENOMEM`. */
export function errnoName(errno: Errno): string {
  return NAMES[errno];
}
