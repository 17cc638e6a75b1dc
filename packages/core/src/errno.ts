/**
 * What a populate function returns: 0, or the kernel's negative errno.
 * Values as in include/uapi/asm-generic/errno-base.h.
 */
export type Errno = 0 | -12 | -14 | -17 | -22;

/** Success. */
export const OK = 0;
/** No memory could be had for a table or for struct pages. */
export const ENOMEM = -12;
/** No hash table entry could be had (powerpc). */
export const EFAULT = -14;
/** A subsection was added twice. */
export const EEXIST = -17;
/** A range that the kernel refuses to add. */
export const EINVAL = -22;
