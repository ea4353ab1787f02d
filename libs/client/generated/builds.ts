// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Wishes that a derivation be realised, with their logs. */
import type { Client, RawAnswer, Reading, Starting } from '../client.js';
import type {
  BuildStatusWord,
  BuildSummary,
  Estimate,
  IntentAnswer,
  LogFound,
  LogLines,
  LogPhases,
} from './shared.js';

export interface AttemptAnswer {
  readonly id: string;
  readonly number: number;
  readonly worker: { readonly id: string; readonly name: string };
  readonly slot: number;
  readonly status: 'submitted' | 'started' | 'succeeded' | 'failed' | 'failed-other' | 'canceled';
  readonly reason: string | null;
  readonly message: string | null;
  readonly exitCode: number | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly logBytes: number;
  readonly log: string;
}

export interface BuildAnswer {
  readonly id: string;
  readonly name: string;
  readonly system: string;
  readonly status: BuildStatusWord;
  readonly reason: string | null;
  readonly scheduledAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly store: { readonly slug: string; readonly dir: string };
  readonly derivation: string;
  readonly packageName: string;
  readonly requiredFeatures: readonly string[];
  readonly sentence: string | null;
  readonly message: string | null;
  readonly wait: WaitAnswer | null;
  readonly estimate: Estimate | null;
  readonly failedInput: BuildSummary | null;
  readonly priority: number;
  readonly limits: { readonly timeoutSeconds: number; readonly maxSilentSeconds: number };
  readonly attempts: readonly AttemptAnswer[];
  readonly outputs: readonly OutputAnswer[];
  readonly products: readonly BuildProductAnswer[];
  readonly nondeterministic: boolean;
  readonly inputs: { readonly total: number; readonly items: readonly BuildSummary[] };
  readonly dependents: { readonly total: number; readonly items: readonly BuildSummary[] };
  readonly jobs: readonly {
    readonly evaluation: string;
    readonly specification: string;
    readonly name: string;
  }[];
  readonly log: string;
}

export interface BuildHistoryAnswer {
  readonly lastSuccess: StoryPoint | null;
  readonly firstFailure: StoryPoint | null;
  readonly lastFailure: StoryPoint | null;
  readonly firstSuccess: StoryPoint | null;
  readonly changes: readonly ChannelChange[];
  readonly builds: readonly PastBuild[];
}

export interface BuildProductAnswer {
  readonly id: string;
  readonly type: string;
  readonly output: string;
  readonly path: string;
  readonly state: 'there' | 'awaited' | 'refused';
  readonly reason: string | null;
  readonly file: {
    readonly name: string;
    readonly size: number;
    readonly sha256: string;
    readonly takenAt: string;
    readonly download: string;
  } | null;
}

export interface BuildWishAnswer {
  readonly build: string;
  readonly status: BuildStatusWord;
  readonly intent: IntentAnswer | null;
}

export interface CancelBuildRequest {
  readonly force?: boolean;
}

export interface ChannelChange {
  readonly channel: string;
  readonly from: string;
  readonly to: string;
  readonly address: string | null;
}

export interface ClosureAnswer {
  readonly items: readonly OutputClosure[];
}

export interface DifferingNar {
  readonly offeredHash: string;
  readonly otherHash: string;
  readonly from: string;
  readonly seenAt: string;
}

export interface GraphAnswer {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly cut: boolean;
}

export interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly system: string;
  readonly status: BuildStatusWord;
  readonly reason: string | null;
  readonly scheduledAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly distance: number;
  readonly onFailingPath: boolean;
}

export interface ListBuildDependentsAnswer {
  readonly items: readonly BuildSummary[];
  readonly next: string | null;
}

export interface ListBuildInputsAnswer {
  readonly items: readonly BuildSummary[];
  readonly next: string | null;
}

export interface ListBuildsAnswer {
  readonly items: readonly BuildSummary[];
  readonly next: string | null;
}

export interface OutputAnswer {
  readonly name: string;
  readonly path: string | null;
  readonly offered: boolean;
  readonly narHash: string | null;
  readonly narSize: number | null;
  readonly narinfo: string | null;
  readonly upstream: string | null;
  readonly differing: readonly DifferingNar[];
}

export interface OutputClosure {
  readonly output: string;
  readonly paths: number;
  readonly size: number;
  readonly whole: boolean;
  readonly archives: readonly { readonly compression: string; readonly size: number }[];
}

export interface PastBuild {
  readonly id: string;
  readonly status: BuildStatusWord;
  readonly startedAt: string;
  readonly endedAt: string;
}

export interface RestartBuildRequest {
  readonly mode?: 'only' | 'with-failed-dependents';
}

export interface StoryPoint {
  readonly evaluation: string;
  readonly build: string | null;
}

export interface WaitAnswer {
  readonly reason: string;
  readonly sentence: string;
  readonly until: string | null;
  readonly position: number | null;
  readonly inputs: readonly BuildSummary[];
}

/** Builds, newest first. */
export function listBuilds(
  client: Client,
  input: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly status?: BuildStatusWord;
      readonly system?: string;
      readonly package?: string;
      readonly q?: string;
    };
  } & Reading = {},
): Promise<ListBuildsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/builds', answer: 'json' }, input);
}

/** One build: where it stands and why, its attempts, outputs and neighbours. */
export function getBuild(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<BuildAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/builds/{id}', answer: 'json' }, input);
}

/** The builds that it needs. */
export function listBuildInputs(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: { readonly cursor?: string; readonly limit?: number };
  } & Reading,
): Promise<ListBuildInputsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/builds/{id}/inputs', answer: 'json' }, input);
}

/** The builds that need it. */
export function listBuildDependents(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: { readonly cursor?: string; readonly limit?: number };
  } & Reading,
): Promise<ListBuildDependentsAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/builds/{id}/dependents', answer: 'json' },
    input,
  );
}

/** The log of one attempt, the last unless told; takes a byte range. */
export function getBuildLog(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: {
      readonly attempt?: string;
      readonly lines?: string;
      readonly download?: 'true' | 'false';
    };
  } & Reading,
): Promise<RawAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/builds/{id}/log', answer: 'raw' }, input);
}

/** List build log lines. */
export function listBuildLogLines(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: {
      readonly attempt?: string;
      readonly from?: number;
      readonly limit?: number;
      readonly looks?: 'true' | 'false';
    };
  } & Reading,
): Promise<LogLines> {
  return client.call(
    { method: 'GET', path: '/api/v1/builds/{id}/log/lines', answer: 'json' },
    input,
  );
}

/** List build log phases. */
export function listBuildLogPhases(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: { readonly attempt?: string };
  } & Reading,
): Promise<LogPhases> {
  return client.call(
    { method: 'GET', path: '/api/v1/builds/{id}/log/phases', answer: 'json' },
    input,
  );
}

/** Get build log search. */
export function getBuildLogSearch(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query: {
      readonly attempt?: string;
      readonly q: string;
      readonly regex?: 'true' | 'false';
      readonly case?: 'true' | 'false';
      readonly cursor?: number;
      readonly limit?: number;
    };
  } & Reading,
): Promise<LogFound> {
  return client.call(
    { method: 'GET', path: '/api/v1/builds/{id}/log/search', answer: 'json' },
    input,
  );
}

/** The log as it grows, as server-sent events. */
export function streamBuildLog(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: {
      readonly attempt?: string;
      readonly from?: number;
      readonly format?: 'text' | 'spans' | 'lines';
    };
  } & Reading,
): Promise<RawAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/builds/{id}/log/stream', answer: 'raw' },
    input,
  );
}

/** The commands that do it again, for a POSIX shell. */
export function getReproduceCommand(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<RawAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/builds/{id}/reproduce', answer: 'raw' },
    input,
  );
}

/** How the same job went before, with its durations. */
export function getBuildHistory(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<BuildHistoryAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/builds/{id}/history', answer: 'json' }, input);
}

/** How large its outputs are with all that they refer to. */
export function getBuildClosure(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<ClosureAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/builds/{id}/closure', answer: 'json' }, input);
}

/** The builds around it, the failing path first. */
export function getBuildGraph(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: { readonly steps?: number; readonly limit?: number };
  } & Reading,
): Promise<GraphAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/builds/{id}/graph', answer: 'json' }, input);
}

/** Schedule it again, and what failed because of it unless mode is only. */
export function restartBuild(
  client: Client,
  input: { readonly path: { readonly id: string }; readonly body?: RestartBuildRequest } & Starting,
): Promise<BuildWishAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/builds/{id}/restart', answer: 'json' },
    input,
  );
}

/** Stop it; refused while several live evaluations need it. */
export function cancelBuild(
  client: Client,
  input: { readonly path: { readonly id: string }; readonly body?: CancelBuildRequest } & Starting,
): Promise<BuildWishAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/builds/{id}/cancel', answer: 'json' }, input);
}

/** Let it go before all others, with the inputs that it waits for. */
export function bumpBuild(
  client: Client,
  input: { readonly path: { readonly id: string } } & Starting,
): Promise<BuildWishAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/builds/{id}/bump', answer: 'json' }, input);
}

/** How far a restart or cancel of many builds has come. */
export function getIntent(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<IntentAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/intents/{id}', answer: 'json' }, input);
}
