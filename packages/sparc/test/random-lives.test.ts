import { mountRandomLives } from '@vmemmap/conformance/random';
import { sparc } from '@vmemmap/sparc';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, sparc);
