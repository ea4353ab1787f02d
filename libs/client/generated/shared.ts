// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What several parts of the API share. */

export type BuildStatusWord =
  | 'scheduled'
  | 'submitted'
  | 'started'
  | 'succeeded'
  | 'failed'
  | 'failed-dependency'
  | 'failed-other'
  | 'canceled';

export interface BuildSummary {
  readonly id: string;
  readonly name: string;
  readonly system: string;
  readonly status: BuildStatusWord;
  readonly reason: string | null;
  readonly scheduledAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface Checkout {
  readonly channel: string;
  readonly url: string;
  readonly branch: string;
  readonly revision: string;
  readonly introduction: { readonly commit: string; readonly fingerprint: string } | null;
  readonly via: string | null;
}

export interface Estimate {
  readonly startsAt: string | null;
  readonly endsAt: string | null;
}

export interface EvaluationAnswer {
  readonly id: string;
  readonly specification: { readonly id: string; readonly name: string };
  readonly specificationVersion: number;
  readonly try: number;
  readonly trigger: 'poll' | 'hook' | 'edit' | 'retry';
  readonly status: 'started' | 'succeeded' | 'failed' | 'aborted';
  readonly reason: string | null;
  readonly message: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly canceledAt: string | null;
  readonly cancelReason: string | null;
  readonly prunedAt: string | null;
  readonly checkouts: readonly Checkout[];
  readonly jobCount: number;
  readonly errorCount: number;
  readonly derivationCount: number;
  readonly newBuildCount: number;
  readonly jobs: { readonly [K in JobStatusWord]?: number };
  readonly estimate: Estimate | null;
}

export interface IntentAnswer {
  readonly id: string;
  readonly kind: 'restart' | 'cancel';
  readonly mode: 'with-failed-dependents' | 'failed' | 'infrastructure' | 'canceled' | 'all' | null;
  readonly build: string | null;
  readonly evaluation: string | null;
  readonly reason: string;
  readonly requestedAt: string;
  readonly finishedAt: string | null;
  readonly moved: number;
}

export type JobStatusWord =
  | 'scheduled'
  | 'submitted'
  | 'started'
  | 'succeeded'
  | 'failed'
  | 'failed-dependency'
  | 'failed-other'
  | 'canceled'
  | 'error';

export interface LogFound {
  readonly lines: readonly number[];
  readonly before: number;
  readonly total: number;
  readonly next: string | null;
}

export interface LogLine {
  readonly number: number;
  readonly text: string;
  readonly runs?: readonly LogRun[];
  readonly at: string | null;
  readonly longBytes: number | null;
}

export interface LogLines {
  readonly attempt: string | null;
  readonly total: number;
  readonly bytes: number;
  readonly ended: boolean;
  readonly expired: boolean;
  readonly lines: readonly LogLine[];
  readonly next: number | null;
}

export interface LogPhase {
  readonly name: string;
  readonly from: number;
  readonly to: number | null;
  readonly seconds: number | null;
  readonly outcome: 'succeeded' | 'failed' | null;
}

export interface LogPhases {
  readonly attempt: string | null;
  readonly total: number;
  readonly bytes: number;
  readonly ended: boolean;
  readonly expired: boolean;
  readonly phases: readonly LogPhase[];
  readonly errors: readonly number[];
  readonly errorCount: number;
  readonly timed: boolean;
}

export type LogRun = readonly unknown[];

export interface RepositoryAnswer {
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  readonly files: readonly string[];
  readonly credential: string | null;
  readonly adopt: boolean;
  readonly periodSeconds: number;
  readonly nextLookAt: string;
  readonly lookedAt: string | null;
  readonly revision: string | null;
  readonly appliedRevision: string | null;
  readonly appliedAt: string | null;
  readonly faults: readonly SpecificationFault[];
  readonly failure: string | null;
}

export interface SpecificationFault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
