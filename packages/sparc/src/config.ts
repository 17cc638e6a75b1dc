import type { ConfigFields } from '@vmemmap/core';
import { chipNames } from './chips.ts';

/** What of a sparc64 machine and kernel decides about the vmemmap. */
export interface SparcConfig {
  /**
   * The CPU, as the kernel's tlb_type and sun4v_chip_type name it (arch/sparc/include/asm/spitfire.h). With `auto` it is
   * the first that agrees with the other keys; without any that is spitfire.
   */
  chip: string;
  /** `sun4u` or `sun4v`; `auto` takes the chip's. */
  machine: string;
  /** Format of TTEs, `sun4u` or `sun4v`; `auto` takes the chip's. */
  tlb: string;
  /** The kernel's tlb_type; `auto` takes the chip's. */
  tlbType: string;
  /** max_phys_bits, in bits; 0 takes the chip's. */
  maxPhysBits: number;
  /** sparc64_va_hole_bottom: the first address of the VA hole, where the vmemmap ends. Default: the chip's. */
  vaHoleBottom: bigint | undefined;
  /** CONFIG_MEMCG: struct page has a field more. */
  memcg: boolean;
  /** sizeof(struct page) in bytes; 0 takes 72 with memcg and 64 without. */
  structPageSize: number;
  /** CONFIG_ARCH_FORCE_MAX_ORDER: the page allocator's largest block is 2^this pages. */
  maxPageOrder: number;
}

const FORMATS = ['auto', 'sun4u', 'sun4v'];

/** The same as data, with ranges and defaults. */
export const config: ConfigFields = {
  chip: {
    type: 'choice',
    default: 'auto',
    oneOf: ['auto', ...chipNames],
    about: 'the CPU; auto: the first that agrees with the other keys, spitfire without any',
  },
  machine: { type: 'choice', default: 'auto', oneOf: FORMATS, about: "sun4u or sun4v; auto: the chip's" },
  tlb: { type: 'choice', default: 'auto', oneOf: FORMATS, about: "format of TTEs; auto: the chip's" },
  tlbType: {
    type: 'choice',
    default: 'auto',
    oneOf: ['auto', 'spitfire', 'cheetah', 'cheetah+', 'hypervisor'],
    about: "the kernel's tlb_type; auto: the chip's",
  },
  maxPhysBits: {
    type: 'number',
    default: 0,
    min: 0,
    max: 53,
    about: "physical address bits (max_phys_bits); 0: the chip's",
  },
  vaHoleBottom: {
    type: 'address',
    default: undefined,
    align: 1n << 43n,
    about: "first address of the VA hole, where the vmemmap ends; default: the chip's",
  },
  memcg: { type: 'boolean', default: true, about: 'CONFIG_MEMCG: struct page has a field more' },
  structPageSize: {
    type: 'number',
    default: 0,
    min: 0,
    max: 512,
    about: 'sizeof(struct page) in bytes; 0: 72 with memcg, 64 without',
  },
  maxPageOrder: {
    type: 'number',
    default: 12,
    min: 0,
    max: 17,
    about: 'largest block of the page allocator, in 2^n pages (ARCH_FORCE_MAX_ORDER)',
  },
};
