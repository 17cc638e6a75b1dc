// A plugin of which no machine can be made.
import { reference } from '@vmemmap/conformance/reference';
import { definePlugin } from '@vmemmap/core';

export default definePlugin({
  name: 'reference',
  about: 'throws',
  config: {},
  capabilities: reference.capabilities,
  create: () => {
    throw new Error('no way');
  },
});
