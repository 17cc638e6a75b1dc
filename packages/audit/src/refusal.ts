import { VmemmapError, type VmemmapErrorCode } from '@vmemmap/core';

/** An error of this package. */
export function refusal(code: VmemmapErrorCode, message: string): VmemmapError {
  return new VmemmapError(code, message, '@vmemmap/audit');
}
