/**
 * `@vmemmap/conformance`: what every architecture plugin must do, clause by clause, for any test runner or none.
 *
 * @packageDocumentation
 */
export type { Clause, ClauseDefinition, ClauseLevel, Fail } from './clause.ts';
export { defineClause } from './clause.ts';
export { ClauseFailure, type Facts } from './clause-failure.ts';
export { clauses } from './clauses/index.ts';
export type { Geometry, MapName } from './geometry.ts';
export type { KnownFailure } from './known-failure.ts';
export { mountConformance, type TestRunner } from './mount.ts';
export type { ConformanceOptions } from './options.ts';
export type { Outcome, OutcomeKind } from './outcome.ts';
export { type Report, type Result, runConformance } from './run.ts';
export { type FreshOptions, type Subject, subjectOf } from './subject.ts';
