import { type LoongarchConfig, loongarch } from '@vmemmap/loongarch';

/** Every page size and level count, struct page sizes, and what decides whether a huge page can be had after boot. */
export const configs: readonly Partial<LoongarchConfig>[] = [
  ...loongarch.variants.map(({ config }) => config),
  // Debian's kernel on a CPU with 40 bits; and huge pages at boot only.
  { cpuPabits: 39, cpuVabits: 39, maxPageOrder: 10 },
  { pageSize: 65536, maxPageOrder: 11, structPageSize: 64 },
  { pageSize: 4096, levels: 4, kfence: false },
  { structPageSize: 96, kfenceNumObjects: 1000 },
  { invalidPteTable: 0x9000_0000_0123_4000n, invalidPmdTable: 0x9000_0000_0008_8000n },
];
