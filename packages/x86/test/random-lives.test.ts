import { mountRandomLives } from '@vmemmap/conformance/random';
import { x86 } from '@vmemmap/x86';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, x86);
