// All rules. Their order is that of a report.
import type { AuditRule } from '../rule.ts';
import { counters } from './counters.ts';
import { entries } from './entries.ts';
import { mapping } from './mapping.ts';
import { model } from './model.ts';
import { processes } from './processes.ts';
import { protection } from './protection.ts';
import { sections } from './sections.ts';
import { sizes } from './sizes.ts';

/** Everything an audit looks at. */
export const rules: readonly AuditRule[] = [
  ...sections,
  ...entries,
  ...mapping,
  ...protection,
  ...processes,
  ...counters,
  ...sizes,
  ...model,
];
