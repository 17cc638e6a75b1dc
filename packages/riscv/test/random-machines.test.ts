import { mountRandomMachines } from '@vmemmap/conformance/random';
import { riscv } from '@vmemmap/riscv';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

// 128 GiB is as far as the linear mapping of Sv39 reaches.
mountRandomMachines({ describe, it }, riscv, { configs, top: 2 ** 37 });
