import type { ArchRegistry } from '@vmemmap/core';
import type { Io } from './io.ts';
import type { Colors } from './output/colors.ts';
import { jsonText } from './output/json.ts';

/** One run of the command: where its output goes, and the plugins it knows. */
export class Session {
  readonly io: Io;
  readonly json: boolean;
  readonly colors: Colors;
  readonly registry: ArchRegistry;

  constructor(io: Io, json: boolean, colors: Colors, registry: ArchRegistry) {
    this.io = io;
    this.json = json;
    this.colors = colors;
    this.registry = registry;
  }

  /** Prints lines on stdout. */
  print(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  /** Prints a value as JSON on stdout. */
  printJson(value: unknown): void {
    this.print(jsonText(value));
  }
}
