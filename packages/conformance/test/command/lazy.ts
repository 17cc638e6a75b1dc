// A plugin that reports success and does nothing.
import { broken } from '../broken.ts';

export const lazy = broken({ ops: () => ({ vmemmapPopulate: () => 0 }) });
