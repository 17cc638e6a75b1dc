import { mountConformance } from '@vmemmap/conformance';
import { x86 } from '@vmemmap/x86';
import { describe, it } from 'vitest';

mountConformance({ describe, it }, x86, {
  configs: [
    {},
    { la57: false },
    { pse: false },
    { la57: false, pse: false },
    { pti: true },
    { nx: false, pge: false },
    { memoryEncryption: true, encryptionBit: 51 },
    { la57: false, kaslr: true, vmemmapBase: 0xffff_f1bf_c000_0000n },
    { structPageSize: 72 },
    { structPageSize: 80, pse: false },
  ],
});
