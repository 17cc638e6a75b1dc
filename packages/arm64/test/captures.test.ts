import { readdirSync, readFileSync } from 'node:fs';
import { arm64 } from '@vmemmap/arm64';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { describe, expect, it } from 'vitest';

const directory = new URL('../fixtures/', import.meta.url);
const files = readdirSync(directory);

describe('captures of real kernels', () => {
  it('are all here', () => {
    expect(files.map((file) => file.replace('.json', '')).sort()).toEqual([
      'big-256g-16k',
      'boot-2g',
      'boot-2g-16k',
      'boot-2g-a57',
      'boot-2g-va48',
      'devdax-pmem-2m',
      'devdax-pmem-2m-subsection',
      'devdax-ram-2m',
      'devdax-ram-2m-kmem-memmap-on-memory-kmem',
      'devdax-ram-2m-nfit',
      'devdax-ram-2m-nfit-unbound',
      'devdax-ram-2m-unbound',
      'devdax-ram-32m-16k',
      'devdax-ram-32m-16k-unbound',
      'hotplug-virtio-mem',
      'hotplug-virtio-mem-16k',
      'hotplug-virtio-mem-16k-shrunk',
      'hotplug-virtio-mem-regrown',
      'hotplug-virtio-mem-shrunk',
      'hotplug-virtio-mem-va48',
      'hvo-1g',
      'hvo-2m',
      'numa-holes',
      'unaligned-16k-1999m',
    ]);
  });
});

mountCaptures(
  { describe, it },
  arm64,
  files.map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') })),
);
