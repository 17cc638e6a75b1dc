import { arm64 } from '@vmemmap/arm64';
import { mountRandomLives } from '@vmemmap/conformance/random';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, arm64);
