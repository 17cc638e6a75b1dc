import { refusal } from '../refusal.ts';
import type { Vmcoreinfo } from '../vmcoreinfo/vmcoreinfo.ts';

/** Where the kernel has the tables of its symbols (kernel/kallsyms_internal.h). Addresses are the kernel's. */
export interface KallsymsTables {
  /** `kallsyms_num_syms`: how many symbols there are, 32 bits. */
  readonly numSyms: bigint;
  /** `kallsyms_names`: of each symbol the length and the tokens of type and name. */
  readonly names: bigint;
  /** `kallsyms_token_table`: the letters of 256 tokens. */
  readonly tokenTable: bigint;
  /** `kallsyms_token_index`: where each token begins in there, 16 bits. */
  readonly tokenIndex: bigint;
  /** `kallsyms_offsets`: of each symbol where it is, 32 bits. */
  readonly offsets: bigint;
  /** `kallsyms_relative_base`: what offsets are added to; without it they are counted from where they are themselves. */
  readonly relativeBase: bigint | undefined;
}

/**
 * Where VMCOREINFO says that they are (kernel/vmcore_info.c:crash_save_vmcoreinfo_init). Throws `BAD_FORMAT` where it does
 * not: kernels before 6.0, and those without CONFIG_KALLSYMS.
 */
export function kallsymsTables(vmcoreinfo: Vmcoreinfo): KallsymsTables {
  const table = (name: string): bigint => {
    const va = vmcoreinfo.symbol(name);
    if (va !== undefined) return va;
    throw refusal(
      'BAD_FORMAT',
      `VMCOREINFO of ${vmcoreinfo.osrelease} has no SYMBOL(${name}); kernels have it from 6.0 with CONFIG_KALLSYMS: say where the tables are`,
    );
  };
  return {
    numSyms: table('kallsyms_num_syms'),
    names: table('kallsyms_names'),
    tokenTable: table('kallsyms_token_table'),
    tokenIndex: table('kallsyms_token_index'),
    offsets: table('kallsyms_offsets'),
    relativeBase: vmcoreinfo.symbol('kallsyms_relative_base'),
  };
}
