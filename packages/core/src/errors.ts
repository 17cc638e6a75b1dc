const BRAND = Symbol.for('@vmemmap/error');

/**
 * Every code a {@link VmemmapError} can carry. Codes never change; messages may get better.
 *
 * - `BAD_CONFIG`: a plugin's configuration has an unknown key or a value outside its range
 * - `BAD_PLUGIN`: an object given as a plugin is none, or breaks what it declares
 * - `CONTRACT_VERSION`: a plugin was made for another version of the contract
 * - `DUPLICATE_ARCH`, `UNKNOWN_ARCH`: registry look-ups
 * - `UNKNOWN_RELEASE`: no such kernel release is modelled
 * - `BAD_MEMORY_MAP`: ranges that overlap, are empty, lie beyond the physical limit, a node without memory
 * - `BAD_ARGUMENT`: an argument out of its documented range
 * - `BAD_FORMAT`: text or JSON that is not in the format it should be
 * - `UNREADABLE`: the operating system does not let a file be read
 * - `TRUNCATED`: a file ends before what it should have
 * - `NOT_IN_DUMP`: a dump does not have the memory that was asked for
 * - `NOT_SUPPORTED`: the modelled kernel has no such operation on this architecture
 * - `NOT_MODELLED`: asks for kernel behaviour that the model does not have yet
 * - `KERNEL_PANIC`, `KERNEL_BUG`: the modelled kernel itself stopped here
 */
export type VmemmapErrorCode =
  | 'BAD_CONFIG'
  | 'BAD_PLUGIN'
  | 'CONTRACT_VERSION'
  | 'DUPLICATE_ARCH'
  | 'UNKNOWN_ARCH'
  | 'UNKNOWN_RELEASE'
  | 'BAD_MEMORY_MAP'
  | 'BAD_ARGUMENT'
  | 'BAD_FORMAT'
  | 'UNREADABLE'
  | 'TRUNCATED'
  | 'NOT_IN_DUMP'
  | 'NOT_SUPPORTED'
  | 'NOT_MODELLED'
  | 'KERNEL_PANIC'
  | 'KERNEL_BUG';

/** The one error class of the project: a stable `code`, and a message that says what to do. */
export class VmemmapError extends Error {
  /** Always `VmemmapError`, for errors of another copy of this package; see {@link isVmemmapError}. */
  override readonly name = 'VmemmapError';
  /** What went wrong, for programs; it never changes, while messages may. */
  readonly code: VmemmapErrorCode;

  /**
   * @param code what kind of failure this is; stable
   * @param message one sentence; the package that speaks is put before it
   * @param from the package that speaks, `@vmemmap/core` unless a plugin or tool says otherwise
   */
  constructor(code: VmemmapErrorCode, message: string, from = '@vmemmap/core') {
    super(`${from}: ${message}`);
    this.code = code;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Tells a {@link VmemmapError} from anything else, also one thrown by another copy of this package. */
export function isVmemmapError(error: unknown): error is VmemmapError {
  return typeof error === 'object' && error !== null && BRAND in error;
}
