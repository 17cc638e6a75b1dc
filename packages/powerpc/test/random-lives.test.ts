import { mountRandomLives } from '@vmemmap/conformance/random';
import { powerpc } from '@vmemmap/powerpc';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, powerpc);
