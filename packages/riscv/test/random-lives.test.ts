import { mountRandomLives } from '@vmemmap/conformance/random';
import { riscv } from '@vmemmap/riscv';
import { describe, it } from 'vitest';

mountRandomLives({ describe, it }, riscv);
