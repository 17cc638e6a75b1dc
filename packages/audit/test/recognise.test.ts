// Every capture brings the lines of VMCOREINFO that its kernel wrote: the configuration that follows is the one it was taken with.
import { readdirSync, readFileSync } from 'node:fs';
import { arm64 } from '@vmemmap/arm64';
import type { ArchPlugin } from '@vmemmap/core';
import { loongarch } from '@vmemmap/loongarch';
import { powerpc } from '@vmemmap/powerpc';
import { riscv } from '@vmemmap/riscv';
import { s390 } from '@vmemmap/s390';
import { sparc } from '@vmemmap/sparc';
import { Vmcoreinfo } from '@vmemmap/vmcore';
import { x86 } from '@vmemmap/x86';
import { describe, expect, it } from 'vitest';

interface Evidence {
  readonly machine: {
    readonly config: Record<string, unknown>;
    readonly pageSize: number;
    readonly structPageSize: number;
  };
  readonly expected: { readonly vmemmapBase: string };
  readonly evidence?: { readonly rootPa?: string; readonly vmcoreinfo?: readonly string[] };
}

const plugins: readonly ArchPlugin[] = [x86, arm64, riscv, s390, powerpc, loongarch, sparc as unknown as ArchPlugin];

/** Lines that matter and that the captures left out. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = { s390: ['KERNELOFFPHYS=900000'] };

describe.each(plugins.map((plugin) => [plugin.arch, plugin] as const))('%s', (arch, plugin) => {
  const folder = new URL(`../../${arch}/fixtures/`, import.meta.url);
  const captures = readdirSync(folder).flatMap((name) => {
    const capture = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Evidence;
    const lines = capture.evidence?.vmcoreinfo ?? [];
    return lines.some((line) => line.startsWith('OSRELEASE=')) ? [{ name, capture, lines }] : [];
  });

  it('has captures with VMCOREINFO', () => expect(captures.length).toBeGreaterThan(2));

  it.each(captures)('$name', ({ capture, lines }) => {
    const facts = new Vmcoreinfo([...lines, ...(LEFT_OUT[arch] ?? []), ''].join('\n'));
    const kernel = Object.assign(facts, { machine: '' });
    const others = plugins.filter((other) => other.recognise?.(kernel) !== undefined);
    expect(others).toEqual([plugin]);
    const found = plugin.recognise?.(kernel);
    const { config, rootPa } = { ...capture.machine, rootPa: capture.evidence?.rootPa };
    expect(found?.root).toBe(rootPa === undefined ? undefined : Number(rootPa));
    const made = plugin(found?.config as Record<string, unknown>);
    expect(made.model.structPageSize).toBe(capture.machine.structPageSize);
    expect(2 ** made.model.pageShift).toBe(capture.machine.pageSize);
    for (const [key, value] of Object.entries(found?.config ?? {}))
      if (key in config) {
        const captured = config[key];
        const same = typeof value === 'bigint' ? BigInt(captured as string) : captured;
        expect([key, String(value)]).toEqual([key, String(same)]);
      }
  });
});
