import { VmemmapError } from '@vmemmap/core';
import type { SparcConfig } from './config.ts';

/** What the kernel derives from the CPU it finds. */
export interface Chip {
  /** `chip` of the configuration. */
  readonly name: string;
  /** tlb_type; `hypervisor` is sun4v. */
  readonly tlbType: 'spitfire' | 'cheetah' | 'cheetah+' | 'hypervisor';
  /** max_phys_bits */
  readonly maxPhysBits: number;
  /** sparc64_va_hole_bottom */
  readonly vaHoleBottom: bigint;
  /** Bits of a virtual address that the CPU implements; 64 has no hole. */
  readonly vaBits: number;
  /** Bit 9 of a sun4v TTE is `mcde` rather than `cv`, and the kernel leaves it clear. */
  readonly mcde: boolean;
}

const TOP_44 = 0x0000_0800_0000_0000n;
const TOP_48 = 0x0000_8000_0000_0000n;
const TOP_52 = 0x0008_0000_0000_0000n;
/** As much as page tables of four levels cover. */
const TOP_53 = 0x0010_0000_0000_0000n;

const sun4u = (
  tlbType: 'spitfire' | 'cheetah' | 'cheetah+',
  maxPhysBits: number,
  vaHoleBottom: bigint,
  vaBits: number,
): Chip => ({ name: tlbType, tlbType, maxPhysBits, vaHoleBottom, vaBits, mcde: false });

const sun4v = (name: string, maxPhysBits: number, vaHoleBottom: bigint, vaBits: number, mcde = false): Chip => ({
  name,
  tlbType: 'hypervisor',
  maxPhysBits,
  vaHoleBottom,
  vaBits,
  mcde,
});

/**
 * Every CPU that the kernel tells apart (arch/sparc/mm/init_64.c: setup_page_offset() for the limits, paging_init() for
 * bit 9). The order is what `chip: 'auto'` goes by: of those that look alike the usual one is first.
 */
const CHIPS: readonly Chip[] = [
  sun4u('spitfire', 40, TOP_44, 44),
  sun4u('cheetah', 42, TOP_53, 64),
  sun4u('cheetah+', 42, TOP_53, 64),
  sun4v('niagara4', 47, TOP_52, 52),
  sun4v('niagara5', 47, TOP_52, 52),
  sun4v('m6', 47, TOP_52, 52),
  sun4v('sparc64x', 47, TOP_52, 52),
  sun4v('niagara1', 39, TOP_48, 48),
  sun4v('niagara2', 39, TOP_48, 48),
  sun4v('niagara3', 43, TOP_48, 48),
  sun4v('m7', 49, TOP_52, 52, true),
  sun4v('sn', 49, TOP_52, 52, true),
  // 54 bits in hardware, of which the kernel can use 53.
  sun4v('m8', 51, TOP_53, 54, true),
  sun4v('unknown', 51, TOP_53, 54),
];

/** All names, for the configuration. */
export const chipNames: readonly string[] = CHIPS.map(({ name }) => name);

/** The machine and the TTE format that go with a chip. */
export function machineOf(chip: Chip): 'sun4u' | 'sun4v' {
  return chip.tlbType === 'hypervisor' ? 'sun4v' : 'sun4u';
}

// The keys that a configuration gives, each with what the chip has of it.
function given(config: SparcConfig, chip: Chip): readonly (readonly [key: string, value: unknown, chips: unknown])[] {
  const machine = machineOf(chip);
  const keys = [
    ['chip', config.chip, chip.name],
    ['machine', config.machine, machine],
    ['tlb', config.tlb, machine],
    ['tlbType', config.tlbType, chip.tlbType],
    ['maxPhysBits', config.maxPhysBits, chip.maxPhysBits],
    ['vaHoleBottom', config.vaHoleBottom, chip.vaHoleBottom],
  ] as const;
  return keys.filter(([, value]) => value !== 'auto' && value !== 0 && value !== undefined);
}

const text = (value: unknown): string => (typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value));

/**
 * The CPU of a configuration.
 * @throws VmemmapError `BAD_CONFIG` when there is none that all of its keys agree with
 */
export function chipOf(config: SparcConfig): Chip {
  const found = CHIPS.find((chip) => given(config, chip).every(([, value, chips]) => value === chips));
  if (found !== undefined) return found;
  const named = CHIPS.find(({ name }) => name === config.chip);
  let message: string;
  if (named === undefined) {
    const keys = given(config, CHIPS[0]!).map(([key, value]) => `${key} ${text(value)}`);
    message = `no chip has ${keys.join(' and ')}; name the chip and leave the others out`;
  } else {
    const [key, value, chips] = given(config, named).find(([, mine, theirs]) => mine !== theirs)!;
    message = `${key} ${text(value)} contradicts chip ${named.name}, which has ${text(chips)}; leave ${key} out`;
  }
  throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/sparc');
}
