import { type ArchPlugin, type Capability, definePlugin, OK, type VmemmapArch, type VmemmapOps } from '@vmemmap/core';

/**
 * The least a plugin can be, and one without page tables: the vmemmap is a list of blocks, as on an architecture that
 * maps it through a hash table.
 */
export function tableless(
  capabilities: readonly Capability[] = ['free'],
  change: Partial<VmemmapOps> = {},
): ArchPlugin {
  return definePlugin({
    name: 'tableless',
    about: 'blocks of a page, found by search',
    config: {},
    capabilities,
    create: (): VmemmapArch => ({
      name: 'tableless',
      config: {},
      model: {
        pageShift: 12,
        sectionSizeBits: 27,
        maxPhysmemBits: 40,
        structPageSize: 64,
        maxPageOrder: 10,
        bootGoal: 0,
      },
      capabilities,
      entryLayouts: [],
      window: () => ({ base: 0xf000_0000_0000_0000n, start: 0xf000_0000_0000_0000n, end: 0xf000_0010_0000_0000n }),
      attach: (m) => {
        const blocks = new Map<number, number>();
        return {
          initMm: { name: 'init_mm', root: 0 },
          vmemmapPopulate(start, end, node) {
            for (let offset = start; offset < end; offset += 4096) blocks.set(offset, m.allocBlock(4096, node));
            return OK;
          },
          vmemmapFree(start, end) {
            for (let offset = start; offset < end; offset += 4096) {
              m.freePages(blocks.get(offset) ?? 0, 4096);
              blocks.delete(offset);
            }
          },
          walker: {
            walk(_root, offset, out) {
              const block = blocks.get(offset - (offset % 4096));
              out.mapped = block !== undefined;
              out.span = 4096;
              out.inside = offset % 4096;
              out.pa = (block ?? 0) + out.inside;
              out.access = 3;
            },
            translate(root, va) {
              const result = {
                mapped: false,
                pa: 0,
                span: 0,
                inside: 0,
                level: 0,
                lo: 0,
                hi: 0,
                flagsLo: 0,
                flagsHi: 0,
                access: 0,
                fault: '',
              };
              this.walk(root, Number(va - 0xf000_0000_0000_0000n), result);
              return { result, steps: [] };
            },
          },
          ...change,
        };
      },
    }),
  });
}
