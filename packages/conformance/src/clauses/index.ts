import type { Clause } from '../clause.ts';
import { allocation } from './allocation.ts';
import { altmapClauses } from './altmap.ts';
import { contract } from './contract.ts';
import { deviceMemory } from './device-memory.ts';
import { errors } from './errors.ts';
import { free } from './free.ts';
import { hugetlb } from './hugetlb.ts';
import { idempotence } from './idempotence.ts';
import { mapping } from './mapping.ts';
import { sectionLife } from './section-life.ts';
import { sections } from './sections.ts';
import { sync } from './sync.ts';
import { tables } from './tables.ts';

/** Every clause, area by area. */
export const clauses: readonly Clause[] = [
  ...contract,
  ...mapping,
  ...allocation,
  ...altmapClauses,
  ...errors,
  ...idempotence,
  ...free,
  ...tables,
  ...sync,
  ...sections,
  ...sectionLife,
  ...deviceMemory,
  ...hugetlb,
];
