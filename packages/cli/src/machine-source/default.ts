import { defaultMachine } from '../default-machine.ts';
import type { MachineSource } from './source.ts';

/** The built-in server. */
export function defaultSource(): MachineSource {
  return { title: 'built-in dual-socket server', memory: () => ({ ranges: defaultMachine }) };
}
