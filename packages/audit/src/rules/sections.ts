import { hex64, pagesPerSection, SECTION_FLAGS, sectionMapMask } from '@vmemmap/core';
import type { AuditRule } from '../rule.ts';

const SEC_1: AuditRule = {
  id: 'SEC-1',
  severity: 'error',
  title: 'section_mem_map of every section says where the vmemmap begins',
  why: 'mm/sparse.c:sparse_encode_mem_map stores the address of the first struct page less what its pfn stands for: `vmemmap` for all sections',
  advice: 'keep the dump: mem_section was overwritten',
  check({ kernel, window, model }, found) {
    const mask = sectionMapMask(kernel.release);
    for (const { nr, raw, flags, va } of kernel.sections) {
      if ((flags & SECTION_FLAGS.HAS_MEM_MAP) === 0 || (raw & mask) === BigInt.asUintN(64, window.base)) continue;
      found({
        what: `section ${nr} says that its struct pages are somewhere else`,
        va,
        pfn: nr * pagesPerSection(model),
        expected: hex64(window.base),
        found: hex64(raw & mask),
      });
    }
  },
};

const SEC_2: AuditRule = {
  id: 'SEC-2',
  severity: 'warning',
  title: 'a section that is present has struct pages, and one that is online too',
  why: 'mm/sparse.c:sparse_init_one_section sets SECTION_HAS_MEM_MAP once the memmap is there; boot goes on without it when memory ran out (mm/sparse.c:sparse_init_nid)',
  advice: 'its memory cannot be used: look for "sparse_init_nid: node[…] memory map backing failed" in the log of boot',
  check({ kernel, model }, found) {
    for (const { nr, raw, flags, va } of kernel.sections) {
      if ((flags & SECTION_FLAGS.HAS_MEM_MAP) !== 0) continue;
      found({
        what: `section ${nr} is present and has no struct pages`,
        va,
        pfn: nr * pagesPerSection(model),
        expected: 'SECTION_HAS_MEM_MAP',
        found: hex64(raw),
      });
    }
  },
};

const SEC_3: AuditRule = {
  id: 'SEC-3',
  severity: 'warning',
  title: 'struct pages of sections that are online have been set up',
  why: 'mm/mm_init.c:__init_single_page writes each; what was never written holds PAGE_POISON_PATTERN, and PagePoisoned() stops the kernel',
  advice: 'a page frame that nobody initialised is in a zone: was deferred initialisation still running?',
  check({ kernel, model, pages }, found) {
    const perSection = pagesPerSection(model);
    for (const { nr, flags } of kernel.sections) {
      const ready = SECTION_FLAGS.HAS_MEM_MAP | SECTION_FLAGS.IS_ONLINE;
      if ((flags & ready) !== ready) continue;
      for (const pfn of [nr * perSection, nr * perSection + perSection / 2, (nr + 1) * perSection - 1]) {
        if (pages.read(pfn)?.poisoned !== true) continue;
        found({
          what: `the struct page of pfn ${pfn} was never set up`,
          pfn,
          expected: 'flags of __init_single_page()',
          found: 'all ones',
        });
        break;
      }
    }
  },
};

/** What mem_section says. */
export const sections: readonly AuditRule[] = [SEC_1, SEC_2, SEC_3];
