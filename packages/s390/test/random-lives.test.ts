import { mountRandomLives } from '@vmemmap/conformance/random';
import { s390 } from '@vmemmap/s390';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, s390);
