// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Readings of a specification at fixed checkouts. */
import type { Client, RawAnswer, Reading, Starting } from '../client.js';
import type {
  BuildStatusWord,
  EvaluationAnswer,
  IntentAnswer,
  JobStatusWord,
  LogFound,
  LogLines,
  LogPhases,
} from './shared.js';

export interface CommitAnswer {
  readonly revision: string;
  readonly items: readonly {
    readonly evaluation: EvaluationAnswer;
    readonly newlyFailing: number | null;
    readonly newlySucceeding: number | null;
    readonly channels: readonly string[];
  }[];
  readonly next: string | null;
}

export interface DifferenceAnswer {
  readonly evaluation: string;
  readonly against: EvaluationMention | null;
  readonly jobs: number;
  readonly succeeded: number;
  readonly waiting: number;
  readonly counts: {
    readonly 'newly-failing': number;
    readonly 'newly-succeeding': number;
    readonly new: number;
    readonly removed: number;
    readonly 'still-failing': number;
    readonly failing: number;
    readonly waiting: number;
    readonly undone: number;
    readonly succeeding: number;
  };
  readonly found: number;
  readonly items: readonly JobDifference[];
  readonly next: string | null;
}

export type DifferenceKindWord =
  | 'newly-failing'
  | 'newly-succeeding'
  | 'new'
  | 'removed'
  | 'still-failing'
  | 'failing'
  | 'waiting'
  | 'undone'
  | 'succeeding';

export interface EvaluationMention {
  readonly id: string;
  readonly specification: string;
  readonly startedAt: string;
}

export interface JobAnswer {
  readonly id: string;
  readonly name: string;
  readonly system: string;
  readonly status: JobStatusWord;
  readonly reason: string | null;
  readonly build: string | null;
  readonly error: string | null;
  readonly description: string | null;
  readonly endedAt: string | null;
}

export interface JobDifference {
  readonly id: string;
  readonly name: string;
  readonly system: string;
  readonly kind: DifferenceKindWord;
  readonly status: JobStatusWord;
  readonly reason: string | null;
  readonly build: string | null;
  readonly before: { readonly status: JobStatusWord; readonly build: string | null } | null;
}

export interface JudgedEvaluation {
  readonly evaluation: EvaluationAnswer;
  readonly newlyFailing: number | null;
  readonly newlySucceeding: number | null;
}

export interface ListEvaluationJobsAnswer {
  readonly items: readonly JobAnswer[];
  readonly next: string | null;
}

export interface ListEvaluationsAnswer {
  readonly items: readonly EvaluationAnswer[];
  readonly next: string | null;
}

export interface MapAnswer {
  readonly evaluation: string;
  readonly names: string;
  readonly systems: readonly { readonly system: string; readonly statuses: string }[];
  readonly letters: { readonly [K in string]?: JobStatusWord };
}

export interface RequestAnswer {
  readonly forge: string;
  readonly repository: string;
  readonly number: number;
  readonly items: readonly {
    readonly specification: string;
    readonly model: string;
    readonly revision: string;
    readonly state: 'open' | 'closed' | 'unwelcome' | 'expired';
    readonly updatedAt: string;
    readonly evaluations: readonly JudgedEvaluation[];
  }[];
}

export interface RestartEvaluationRequest {
  readonly failures?: 'failed' | 'infrastructure' | 'canceled' | 'all';
}

export interface RootCause {
  readonly build: {
    readonly id: string;
    readonly name: string;
    readonly system: string;
    readonly status: BuildStatusWord;
    readonly reason: string | null;
  } | null;
  readonly blocks: number;
  readonly newlyFailing: number;
  readonly examples: readonly {
    readonly name: string;
    readonly system: string;
    readonly build: string | null;
  }[];
}

export interface RootCausesAnswer {
  readonly evaluation: string;
  readonly found: number;
  readonly reasons: readonly { readonly reason: string; readonly jobs: number }[];
  readonly errors: number;
  readonly items: readonly RootCause[];
}

export interface TrendAnswer {
  readonly percent: number;
  readonly good: {
    readonly evaluation: string;
    readonly startedAt: string;
    readonly jobs: number;
    readonly succeeded: number;
    readonly newlyFailing: number;
    readonly newlySucceeding: number;
    readonly checkouts: readonly { readonly channel: string; readonly revision: string }[];
  } | null;
  readonly points: readonly TrendPoint[];
}

export interface TrendPoint {
  readonly evaluation: string;
  readonly startedAt: string;
  readonly jobs: number;
  readonly succeeded: number;
  readonly newlyFailing: number;
  readonly newlySucceeding: number;
}

/** Evaluations, newest first. */
export function listEvaluations(
  client: Client,
  input: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly specification?: string;
    };
  } & Reading = {},
): Promise<ListEvaluationsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/evaluations', answer: 'json' }, input);
}

/** One evaluation, with how many jobs are in each status. */
export function getEvaluation(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<EvaluationAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/evaluations/{id}', answer: 'json' }, input);
}

/** Its jobs, in the order in which it told them. */
export function listEvaluationJobs(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly status?: JobStatusWord;
      readonly name?: string;
      readonly system?: string;
    };
  } & Reading,
): Promise<ListEvaluationJobsAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/jobs', answer: 'json' },
    input,
  );
}

/** Read the same version at the same checkouts once more. */
export function retryEvaluation(
  client: Client,
  input: { readonly path: { readonly id: string } } & Starting,
): Promise<EvaluationAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/evaluations/{id}/retry', answer: 'json' },
    input,
  );
}

/** What is other than in another evaluation. */
export function getEvaluationDifference(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly against?: string;
      readonly kind?: DifferenceKindWord;
      readonly status?: JobStatusWord;
      readonly reason?: string;
      readonly name?: string;
      readonly system?: string;
      readonly maintainer?: string;
    };
  } & Reading,
): Promise<DifferenceAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/difference', answer: 'json' },
    input,
  );
}

/** Get evaluation map. */
export function getEvaluationMap(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<MapAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/map', answer: 'json' },
    input,
  );
}

/** The failed builds that most of its failures come from. */
export function listEvaluationRootCauses(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: { readonly against?: string; readonly limit?: number };
  } & Reading,
): Promise<RootCausesAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/root-causes', answer: 'json' },
    input,
  );
}

/** Get commit. */
export function getCommit(
  client: Client,
  input: {
    readonly path: { readonly revision: string };
    readonly query?: { readonly cursor?: string; readonly limit?: number };
  } & Reading,
): Promise<CommitAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/commits/{revision}', answer: 'json' }, input);
}

/** List requests. */
export function listRequests(
  client: Client,
  input: {
    readonly query: {
      readonly forge: string;
      readonly repository: string;
      readonly number: number;
    };
  } & Reading,
): Promise<RequestAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/requests', answer: 'json' }, input);
}

/** Get specification trend. */
export function getSpecificationTrend(
  client: Client,
  input: {
    readonly path: { readonly name: string };
    readonly query?: { readonly percent?: number };
  } & Reading,
): Promise<TrendAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/specifications/{name}/trend', answer: 'json' },
    input,
  );
}

/** Its channels at their exact commits, for guix time-machine. */
export function getEvaluationChannels(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<RawAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/channels.scm', answer: 'raw' },
    input,
  );
}

/** A git bundle of one channel as it then stood. */
export function getEvaluationBundle(
  client: Client,
  input: { readonly path: { readonly id: string; readonly file: string } } & Reading,
): Promise<RawAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/channels/{file}', answer: 'raw' },
    input,
  );
}

/** What the evaluator said; takes a byte range. */
export function getEvaluationLog(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: { readonly lines?: string; readonly download?: 'true' | 'false' };
  } & Reading,
): Promise<RawAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/evaluations/{id}/log', answer: 'raw' }, input);
}

/** List evaluation log lines. */
export function listEvaluationLogLines(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: {
      readonly from?: number;
      readonly limit?: number;
      readonly looks?: 'true' | 'false';
    };
  } & Reading,
): Promise<LogLines> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/log/lines', answer: 'json' },
    input,
  );
}

/** List evaluation log phases. */
export function listEvaluationLogPhases(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<LogPhases> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/log/phases', answer: 'json' },
    input,
  );
}

/** Get evaluation log search. */
export function getEvaluationLogSearch(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query: {
      readonly q: string;
      readonly regex?: 'true' | 'false';
      readonly case?: 'true' | 'false';
      readonly cursor?: number;
      readonly limit?: number;
    };
  } & Reading,
): Promise<LogFound> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/log/search', answer: 'json' },
    input,
  );
}

/** Schedule its failures of one kind again, with what fell with them. */
export function restartEvaluation(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly body?: RestartEvaluationRequest;
  } & Starting,
): Promise<IntentAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/evaluations/{id}/restart', answer: 'json' },
    input,
  );
}

/** Stop reading it, and cancel what no other live evaluation needs. */
export function cancelEvaluation(
  client: Client,
  input: { readonly path: { readonly id: string } } & Starting,
): Promise<IntentAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/evaluations/{id}/cancel', answer: 'json' },
    input,
  );
}
