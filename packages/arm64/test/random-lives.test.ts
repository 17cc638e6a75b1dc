import { mountRandomLives } from '@vmemmap/conformance/random';
import { arm64 } from '@vmemmap/arm64';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, arm64);
