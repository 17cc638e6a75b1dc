import { VmemmapError, type VmemmapErrorCode } from '@vmemmap/core';

/** The error of this package. */
export function refusal(code: VmemmapErrorCode, message: string): VmemmapError {
  return new VmemmapError(code, message, '@vmemmap/vmcore');
}
