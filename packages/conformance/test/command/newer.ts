// A plugin of a newer contract.
import { reference } from '@vmemmap/conformance/reference';
import { CONTRACT_VERSION, definePlugin } from '@vmemmap/core';

export const newer = definePlugin({
  name: 'reference',
  about: 'of the next contract',
  contract: CONTRACT_VERSION + 1,
  config: {},
  capabilities: reference.capabilities,
  create: () => ({ ...reference() }),
});
