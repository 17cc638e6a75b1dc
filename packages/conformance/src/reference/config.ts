import type { ConfigFields } from '@vmemmap/core';

/** What of the machine decides about the vmemmap. */
export interface ReferenceConfig {
  /** The CPU has 2 MiB pages. */
  hugePages: boolean;
}

/** The same as data, with defaults: tools list it, core checks it. */
export const config: ConfigFields = {
  hugePages: { type: 'boolean', default: true, about: '2 MiB pages; base pages only without' },
};
