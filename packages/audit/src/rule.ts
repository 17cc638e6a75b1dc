import type { AuditContext } from './audit-context.ts';
import type { Found, Severity } from './finding.ts';

/** One thing that must hold of a machine's memory map. */
export interface AuditRule {
  /** Never changes, and is never used again: `MAP-1`. */
  readonly id: string;
  /** How bad it is when it does not hold. */
  readonly severity: Severity;
  /** What must hold. */
  readonly title: string;
  /** Why, with the kernel's function. */
  readonly why: string;
  /** What an operator can do. */
  readonly advice: string;
  /** Looks, and tells of each thing found. */
  check(audit: AuditContext, found: (finding: Found) => void): void;
}
