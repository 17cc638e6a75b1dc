/**
 * What an architecture legitimately does otherwise than the generic contract. Named here, declared with its kernel
 * source by the architecture, and tested by the conformance kit like everything else that is declared.
 *
 * - `node-ignored`: struct pages come from any node, and nothing warns about it
 * - `node-unchecked`: the node is a wish, and nothing warns when it is not met
 * - `boot-tables-or-panic`: without memory for a page table at boot the kernel stops, on every release
 * - `altmap-fallback`: without room in the altmap, RAM is taken
 * - `frees-whole-leaves`: a leaf goes with the first part of it that is freed
 * - `assumes-populated`: what is there is judged by the state of sections, not by what is mapped
 * - `checks-window`: a range outside of the vmemmap is warned about, each time
 */
export type ExceptionName =
  | 'node-ignored'
  | 'node-unchecked'
  | 'boot-tables-or-panic'
  | 'altmap-fallback'
  | 'frees-whole-leaves'
  | 'assumes-populated'
  | 'checks-window';

/** All names of exceptions, for tools. */
export const EXCEPTIONS: readonly ExceptionName[] = [
  'node-ignored',
  'node-unchecked',
  'boot-tables-or-panic',
  'altmap-fallback',
  'frees-whole-leaves',
  'assumes-populated',
  'checks-window',
];

/** An exception that an architecture declares. */
export interface ArchException {
  /** Which one. */
  readonly name: ExceptionName;
  /** What the kernel does, with file and function. */
  readonly why: string;
}
