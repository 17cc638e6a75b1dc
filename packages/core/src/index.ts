/**
 * `@vmemmap/core`: the populate contract, the generic engine, and machines that boot.
 *
 * @packageDocumentation
 */

// Numbers.
export { alignDown, alignUp, divRoundUp, hex, hex64, isAligned, toU64 } from './bits.ts';
// The contract: what a plugin implements and is given.
export {
  CAPABILITIES,
  type Capability,
  type InitMm,
  type VmemmapArch,
  type VmemmapBacking,
  type VmemmapOps,
  type Without,
} from './contract/arch.ts';
export { checkArch, checkOps } from './contract/check-arch.ts';
export {
  type ConfigField,
  type ConfigFields,
  type ConfigValue,
  type ConfigValues,
  parseConfig,
} from './contract/config.ts';
export type { AddressSpace, PopulateContext } from './contract/context.ts';
export { CONTRACT_VERSION } from './contract/contract-version.ts';
export {
  decodeEntry,
  type EntryField,
  type EntryFieldValue,
  type EntryLayout,
  encodeEntry,
  withoutAddress,
} from './contract/entry-layout.ts';
export { entryText } from './contract/entry-text.ts';
export { type ArchException, EXCEPTIONS, type ExceptionName } from './contract/exception.ts';
export {
  type MemoryModel,
  offsetOfPage,
  pageSize,
  pagesPerSection,
  pagesPerSubsection,
  pfnOfOffset,
  SUBSECTION_SHIFT,
  subsectionsPerSection,
  type VmemmapWindow,
} from './contract/model.ts';
export { type DevPagemap, pgmapVmemmapNr } from './contract/pgmap.ts';
export {
  type ArchPlugin,
  type ArchVariant,
  checkPlugin,
  definePlugin,
  isPlugin,
  type PluginDefinition,
} from './contract/plugin.ts';
export type { DirectMapping, KernelFacts, Recognition } from './contract/recognise.ts';
export {
  ACCESS,
  type TableEntry,
  type TableView,
  type Translation,
  translation,
  type Walk,
  type WalkStep,
} from './contract/translation.ts';
export type { VmemmapWalker } from './contract/walker.ts';
// What differs between two runs.
export type { Change, ChangePart } from './diff/change.ts';
export { type UnsyncedEntry, unsyncedEntries } from './diff/processes.ts';
export { DEFAULT_CHANGES, diffRuns, type RunDiff } from './diff/runs.ts';
// The page-table toolkit and the generic engine, for plugins.
export { vmemmapPopulateBasepages } from './engine/basepages.ts';
export { vmemmapPopulateCompoundPages } from './engine/compound.ts';
export { type PmdHooks, vmemmapPopulateHugepages } from './engine/hugepages.ts';
export { OWN_PAGES, type SharedMapping, vmemmapPopulateRange } from './engine/populate-range.ts';
export { SubPmdUse } from './engine/sub-pmd.ts';
export { vmemmapVerify } from './engine/verify-node.ts';
export {
  E2BIG,
  EBUSY,
  EEXIST,
  EFAULT,
  EINVAL,
  ENOMEM,
  ENOTSUPP,
  ENXIO,
  EPERM,
  type Errno,
  errnoName,
  OK,
} from './errno.ts';
export { isVmemmapError, VmemmapError, type VmemmapErrorCode } from './errors.ts';
export { EventLog, type KernelEvent, type KernelEventKind } from './events.ts';
// The life of a memory map after boot.
export type { MemmapOnMemory } from './hotplug/memmap-on-memory.ts';
export { type AddedMemory, MemoryHotplug } from './hotplug/memory-hotplug.ts';
export type { PageSpan } from './hotplug/pages.ts';
export { whyNotOptimizable } from './hugetlb/hstate.ts';
export {
  type HugePages,
  HugetlbVmemmap,
  type OptimizedPage,
  type OptimizeOutcome,
  type RestoreOutcome,
} from './hugetlb/hugetlb-vmemmap.ts';
export { type CompoundPage, PageStructs } from './hugetlb/page-structs.ts';
export type { BootHugePage } from './hugetlb/preinit.ts';
export type { SharedTail } from './hugetlb/shared-tails.ts';
export {
  compoundHead,
  compoundInfoHasMask,
  NO_HEAD,
  type StructPageReader,
  type StructPages,
  type WrongHead,
  wrongHead,
} from './machine/compound-head.ts';
// Machines.
export { MachineContext } from './machine/context.ts';
export type { MachineCost, NodeCost } from './machine/cost.ts';
export type { LeafRun } from './machine/leaf-runs.ts';
export { boot, Machine, type MachineOptions, type PageTranslation } from './machine/machine.ts';
export { ArchRegistry } from './machine/registry.ts';
export { MAX_PROBLEMS, type Verification } from './machine/verify.ts';
// Memory.
export { altmapAlloc, altmapFree, altmapNrFree, altmapOffset, type VmemAltmap, vmemAltmap } from './memory/altmap.ts';
export { type BlockRun, blockRun } from './memory/block-run.ts';
export { type AllocationSource, FailureInjector, type FailureRule } from './memory/failures.ts';
export { Memblock, type MemblockOptions, NUMA_NO_NODE } from './memory/memblock.ts';
export { MemoryMap, type MemoryMapInput, type MemoryRange } from './memory/memory-map.ts';
export { PageAllocator } from './memory/page-allocator.ts';
export { type FreeOutcome, Ram, type Region } from './memory/ram.ts';
export { RangeSet } from './memory/range-set.ts';
export { TableMemory } from './memory/table-memory.ts';
export type { ZoneName } from './memory/zones.ts';
export type { Entry, PageTableFormat, TableLevel } from './pagetable/format.ts';
export { PageTable, type PageTableHooks } from './pagetable/page-table.ts';
export { type RemoveHooks, removePagetable } from './pagetable/remove-pagetable.ts';
export { createRootTable } from './pagetable/root-table.ts';
export {
  ENTRY_KIND,
  type EntryReader,
  type EntryReading,
  entryReading,
  type PageReader,
  TableWalker,
} from './pagetable/table-walker.ts';
export type { Public } from './public.ts';
export { defaultRelease, findRelease, isSince, type KernelRelease, releases } from './release.ts';
// Scenarios.
export type { ByLevel, StepAccount } from './scenario/account.ts';
export { scenarioArch, scenarioConfig } from './scenario/arch.ts';
export type {
  Scenario,
  ScenarioAltmap,
  ScenarioMachine,
  ScenarioOperation,
  ScenarioPages,
  ScenarioStep,
} from './scenario/format.ts';
export { type RunOptions, runScenario, type ScenarioRun } from './scenario/run.ts';
export { populatesCompoundPages, vmemmapCanOptimize } from './sparse/can-optimize.ts';
export { type MemmapCounters, sectionNrVmemmapPages } from './sparse/counters.ts';
export {
  encodeSectionMemMap,
  SECTION_FLAGS,
  type SectionFlag,
  type SectionRun,
  type SectionState,
  sectionFlagNames,
  sectionMapMask,
} from './sparse/section.ts';
export { Sections } from './sparse/sections.ts';
export { subsectionMask } from './sparse/subsection-map.ts';
export type { Trace, TraceStep } from './trace.ts';
export { type Device, DeviceMemory, type DeviceOptions } from './zone-device/device-memory.ts';
