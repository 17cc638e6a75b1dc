import { mountRandomLives } from '@vmemmap/conformance/random';
import { isSince } from '@vmemmap/core';
import { powerpc } from '@vmemmap/powerpc';
import { describe, it } from 'vitest';

// Where no block can be had since 7.2, base pages back a leaf from its start to the section's end, and go with the section's own
// part only (arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_populate).
mountRandomLives({ describe, it }, powerpc, {
  keepsPerFailure: (release) => (isSince(release, 7, 2) ? 2 ** 21 : 0),
});
