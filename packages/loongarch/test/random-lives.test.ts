import { mountRandomLives } from '@vmemmap/conformance/random';
import { loongarch } from '@vmemmap/loongarch';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, loongarch);
