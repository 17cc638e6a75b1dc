import type { ExceptionName, VmemmapArch } from '@vmemmap/core';

/** Whether an architecture declares that it does otherwise in one way. */
export function declares({ exceptions = [] }: Pick<VmemmapArch, 'exceptions'>, exception: ExceptionName): boolean {
  return exceptions.some(({ name }) => name === exception);
}
