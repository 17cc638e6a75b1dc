import { VmemmapError } from '@vmemmap/core';
import type { Arm64Config } from './config.ts';
import { moduleRegionEnd, vmemmapStart } from './layout.ts';
import { possibleVaBits, vaBitsMin } from './va-bits.ts';

/**
 * The configuration with what follows from other keys filled in: `vaBitsActual`, `paBits`, and `lpa2` as the kernel uses
 * it (kernel/pi/map_kernel.c:early_map_kernel).
 * @throws VmemmapError `BAD_CONFIG` when keys contradict each other
 */
export function resolveConfig(given: Arm64Config): Arm64Config {
  const { pageSize, vaBits } = given;
  const possible = possibleVaBits(pageSize);
  if (!possible.includes(vaBits)) bad(`vaBits with ${pageSize / 1024}K pages must be ${list(possible)}, not ${vaBits}`);
  const wide = vaBits === 52;
  // ARM64_LPA2 is ARM64_PA_BITS_52 && !ARM64_64K_PAGES; both page sizes have 52 bits of PA just with 52 bits of VA.
  const lpa2Kernel = wide && pageSize !== 65536;
  const paBits = given.paBits === 0 ? (wide ? 52 : 48) : given.paBits;
  if (pageSize !== 65536 && (paBits === 52) !== wide) {
    bad(`paBits with ${pageSize / 1024}K pages and vaBits ${vaBits} must be ${wide ? 52 : 48}, not ${paBits}`);
  }
  const narrow = vaBitsMin(given);
  const most = lpa2Kernel && !given.lpa2 ? narrow : vaBits;
  const vaBitsActual = given.vaBitsActual === 0 ? most : given.vaBitsActual;
  if (vaBitsActual !== narrow && vaBitsActual !== vaBits) {
    bad(`vaBitsActual with vaBits ${vaBits} must be ${list([...new Set([narrow, vaBits])])}, not ${vaBitsActual}`);
  }
  if (vaBitsActual > most) bad(`vaBitsActual 52 with ${pageSize / 1024}K pages needs lpa2: leave it out, or set lpa2`);
  if (given.ngMappings === 'early' && !given.kpti)
    bad("ngMappings 'early' needs kpti: set it, or leave ngMappings out");
  const config = { ...given, paBits, vaBitsActual, lpa2: lpa2Kernel && vaBitsActual === 52 };
  checkStructPageSize(config);
  return config;
}

// The vmemmap must begin above the modules, or the kernel's map of the address space has no room for it.
function checkStructPageSize(config: Arm64Config): void {
  const { structPageSize } = config;
  if (structPageSize % 8 !== 0) bad(`structPageSize must be a multiple of 8, not ${structPageSize}`);
  if (vmemmapStart(config) < moduleRegionEnd(config)) {
    bad(`structPageSize ${structPageSize} makes the vmemmap reach into the modules: make it smaller`);
  }
}

function list(values: readonly number[]): string {
  return values.join(' or ');
}

function bad(message: string): never {
  throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/arm64');
}
