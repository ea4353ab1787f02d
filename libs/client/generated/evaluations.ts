// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Readings of a specification at fixed checkouts. */
import type { Client, RawAnswer, Reading, Starting } from '../client.js';
import type { BuildStatusWord, EvaluationAnswer, IntentAnswer, JobStatusWord } from './shared.js';

export interface GetCommitAnswer {
  readonly revision: string;
  readonly items: readonly {
    readonly evaluation: EvaluationAnswer;
    readonly newlyFailing: number | null;
    readonly newlySucceeding: number | null;
    readonly channels: readonly string[];
  }[];
  readonly next: string | null;
}

export interface GetEvaluationDifferenceAnswer {
  readonly evaluation: string;
  readonly against: {
    readonly id: string;
    readonly specification: string;
    readonly startedAt: string;
  } | null;
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
  readonly items: readonly {
    readonly id: string;
    readonly name: string;
    readonly system: string;
    readonly kind:
      | 'newly-failing'
      | 'newly-succeeding'
      | 'new'
      | 'removed'
      | 'still-failing'
      | 'failing'
      | 'waiting'
      | 'undone'
      | 'succeeding';
    readonly status: JobStatusWord;
    readonly reason: string | null;
    readonly build: string | null;
    readonly before: { readonly status: JobStatusWord; readonly build: string | null } | null;
  }[];
  readonly next: string | null;
}

export interface GetEvaluationLogSearchAnswer {
  readonly lines: readonly number[];
  readonly before: number;
  readonly total: number;
  readonly next: string | null;
}

export interface GetEvaluationMapAnswer {
  readonly evaluation: string;
  readonly names: string;
  readonly systems: readonly { readonly system: string; readonly statuses: string }[];
  readonly letters: { readonly [K in string]?: JobStatusWord };
}

export interface GetSpecificationTrendAnswer {
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
  readonly points: readonly {
    readonly evaluation: string;
    readonly startedAt: string;
    readonly jobs: number;
    readonly succeeded: number;
    readonly newlyFailing: number;
    readonly newlySucceeding: number;
  }[];
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

export interface ListEvaluationJobsAnswer {
  readonly items: readonly JobAnswer[];
  readonly next: string | null;
}

export interface ListEvaluationLogLinesAnswer {
  readonly attempt: string | null;
  readonly total: number;
  readonly bytes: number;
  readonly ended: boolean;
  readonly expired: boolean;
  readonly lines: readonly {
    readonly number: number;
    readonly text: string;
    readonly runs?: readonly (readonly unknown[])[];
    readonly at: string | null;
    readonly longBytes: number | null;
  }[];
  readonly next: number | null;
}

export interface ListEvaluationLogPhasesAnswer {
  readonly attempt: string | null;
  readonly total: number;
  readonly bytes: number;
  readonly ended: boolean;
  readonly expired: boolean;
  readonly phases: readonly {
    readonly name: string;
    readonly from: number;
    readonly to: number | null;
    readonly seconds: number | null;
    readonly outcome: 'succeeded' | 'failed' | null;
  }[];
  readonly errors: readonly number[];
  readonly errorCount: number;
  readonly timed: boolean;
}

export interface ListEvaluationRootCausesAnswer {
  readonly evaluation: string;
  readonly found: number;
  readonly reasons: readonly { readonly reason: string; readonly jobs: number }[];
  readonly errors: number;
  readonly items: readonly {
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
  }[];
}

export interface ListEvaluationsAnswer {
  readonly items: readonly EvaluationAnswer[];
  readonly next: string | null;
}

export interface ListRequestsAnswer {
  readonly forge: string;
  readonly repository: string;
  readonly number: number;
  readonly items: readonly {
    readonly specification: string;
    readonly model: string;
    readonly revision: string;
    readonly state: 'open' | 'closed' | 'unwelcome' | 'expired';
    readonly updatedAt: string;
    readonly evaluations: readonly {
      readonly evaluation: EvaluationAnswer;
      readonly newlyFailing: number | null;
      readonly newlySucceeding: number | null;
    }[];
  }[];
}

export interface RestartEvaluationRequest {
  readonly failures?: 'failed' | 'infrastructure' | 'canceled' | 'all';
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
      readonly kind?:
        | 'newly-failing'
        | 'newly-succeeding'
        | 'new'
        | 'removed'
        | 'still-failing'
        | 'failing'
        | 'waiting'
        | 'undone'
        | 'succeeding';
      readonly status?: JobStatusWord;
      readonly reason?: string;
      readonly name?: string;
      readonly system?: string;
      readonly maintainer?: string;
    };
  } & Reading,
): Promise<GetEvaluationDifferenceAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/difference', answer: 'json' },
    input,
  );
}

/** Get evaluation map. */
export function getEvaluationMap(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<GetEvaluationMapAnswer> {
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
): Promise<ListEvaluationRootCausesAnswer> {
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
): Promise<GetCommitAnswer> {
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
): Promise<ListRequestsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/requests', answer: 'json' }, input);
}

/** Get specification trend. */
export function getSpecificationTrend(
  client: Client,
  input: {
    readonly path: { readonly name: string };
    readonly query?: { readonly percent?: number };
  } & Reading,
): Promise<GetSpecificationTrendAnswer> {
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
): Promise<ListEvaluationLogLinesAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/evaluations/{id}/log/lines', answer: 'json' },
    input,
  );
}

/** List evaluation log phases. */
export function listEvaluationLogPhases(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<ListEvaluationLogPhasesAnswer> {
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
): Promise<GetEvaluationLogSearchAnswer> {
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
