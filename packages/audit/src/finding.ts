/** How bad: `error`, the kernel would crash or corrupt memory here; `warning`, it is not as it should be; `note`, worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** Severities, the worst first. */
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

/** A table entry that a finding is about. */
export interface FoundEntry {
  /** Where it is in memory. */
  readonly pa: number;
  /** What it holds. */
  readonly raw: bigint;
  /** The same with its bits by name. */
  readonly text: string;
}

/** One thing that was found, or many of a kind one after the other. */
export interface Finding {
  /** Id of the rule, which never changes: `MAP-1`. */
  readonly rule: string;
  /** How bad. */
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly what: string;
  /** First virtual address of the struct pages, or of what else it is about. */
  readonly va?: bigint | undefined;
  /** Bytes from there on. */
  readonly bytes?: number | undefined;
  /** First page frame whose struct page is concerned. */
  readonly pfn?: number | undefined;
  /** The table entry: where it is in memory, what it holds, and its bits by name. */
  readonly entry?: FoundEntry | undefined;
  /** How many of the kind. */
  readonly count: number;
  /** What should be there. */
  readonly expected: string;
  /** What is there. */
  readonly found: string;
}

/** What a rule reports; the rest follows from the rule: its severity, unless another is given, and a count of 1. */
export type Found = Omit<Finding, 'rule' | 'severity' | 'count'> & {
  readonly count?: number;
  readonly severity?: Severity;
};
