/**
 * `@vmemmap/audit`: is the memory map of the machine in this dump right?
 *
 * @packageDocumentation
 */

export { type AuditCost, type AuditReport, audit, type Looked, type Stretch } from './audit.ts';
export { AuditContext, type Described } from './audit-context.ts';
export { captureDump, captureText, type DumpCapture } from './capture/capture-dump.ts';
export type { CompoundMemmap } from './compound-memmaps.ts';
export { DumpContext } from './dump-context.ts';
export { DumpFacts, type FactLines } from './dump-facts.ts';
export { DumpTables } from './dump-tables.ts';
export { type Finding, type Found, type FoundEntry, SEVERITIES, type Severity } from './finding.ts';
export { type DumpKernel, type KernelOptions, type Known, openKernel, releaseOf } from './kernel.ts';
export { type NodeSpan, readNodes } from './nodes.ts';
export { type PageFlags, type PageFlagsLayout, pageFlagsLayout, readPageFlags } from './page-flags.ts';
export { type Process, readProcesses } from './processes.ts';
export type { AuditRule } from './rule.ts';
export { rules } from './rules/rules.ts';
export { type DumpSection, readSections } from './sections.ts';
export type { SharedRun } from './shared-runs.ts';
export { type StructPage, StructPages } from './struct-page.ts';
export { type TrimmedDump, trimDump } from './trim.ts';
export { VirtualMemory } from './virtual-memory.ts';
export { type ListEntry, readVmemmapList } from './vmemmap-list.ts';
export { LeafList, type OddEntry, readWindow, type WindowMap, type WindowTable } from './window-map.ts';
