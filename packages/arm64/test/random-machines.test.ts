import { type Arm64Config, arm64 } from '@vmemmap/arm64';
import { mountRandomMachines } from '@vmemmap/conformance/random';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

// The linear map of 36 bits holds 32 GiB of RAM.
const small = ({ vaBits }: Partial<Arm64Config>): boolean => vaBits === 36;

mountRandomMachines({ describe, it }, arm64, { configs: configs.filter((config) => !small(config)) });
mountRandomMachines({ describe, it }, arm64, { configs: configs.filter(small), top: 2 ** 35 });
