/**
 * `@vmemmap/conformance`: what every architecture plugin must do, clause by clause, for any test runner or none.
 *
 * @packageDocumentation
 */
export type { Clause, ClauseCondition, ClauseDefinition, ClauseLevel, Declarations, Fail, Finding } from './clause.ts';
export { defineClause } from './clause.ts';
export { ClauseFailure, type Facts } from './clause-failure.ts';
export { clauses } from './clauses/index.ts';
export type { Geometry, MapName } from './geometry.ts';
export { type Invariant, invariants } from './invariants.ts';
export { type KnownFailure, parseKnownFailures } from './known-failures.ts';
export { mountConformance, type TestRunner } from './mount.ts';
export { type ConformanceOptions, selectClauses } from './options.ts';
export type { Outcome, OutcomeKind } from './outcome.ts';
export { type ReportJson, type ResultJson, reportJson } from './report/json.ts';
export { reportJunit } from './report/junit.ts';
export { type ReportPaint, reportText } from './report/text.ts';
export { type Report, type Result, runConformance } from './run.ts';
export type { ScenarioDocument } from './steps/scenario.ts';
export { type FreshOptions, type Subject, subjectOf } from './subject.ts';
