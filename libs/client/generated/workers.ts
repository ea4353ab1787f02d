// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Machines that build. */
import type { Client, Reading, Starting } from '../client.js';
import type { BuildSummary } from './shared.js';

export interface CreateWorkerTokenAnswer {
  readonly token: string;
  readonly expiresAt: string;
}

export interface CreateWorkerTokenBody {
  readonly note?: string;
  readonly seconds?: number;
}

export interface DrainWorkerBody {
  readonly note?: string;
}

export interface EnrolAnswer {
  readonly worker: string;
  readonly name: string;
  readonly credential: string;
}

export interface EnrolRequest {
  readonly token: string;
  readonly name: string;
}

export interface ListWorkerAttemptsAnswer {
  readonly items: readonly WorkerAttempt[];
}

export interface ListWorkersAnswer {
  readonly items: readonly WorkerAnswer[];
}

export interface PauseWorkerBody {
  readonly note?: string;
  readonly until?: string;
}

export interface WorkerAnswer {
  readonly id: string;
  readonly name: string;
  readonly state: 'connected' | 'draining' | 'paused' | 'disk-guard' | 'refused' | 'offline';
  readonly systems: readonly string[];
  readonly features: readonly string[];
  readonly class: string;
  readonly slots: number;
  readonly cores: number;
  readonly speed: number;
  readonly version: string | null;
  readonly protocol: number | null;
  readonly load: number | null;
  readonly memoryFree: number | null;
  readonly diskFree: number | null;
  readonly minDisk: number | null;
  readonly pauseNote: string | null;
  readonly pauseUntil: string | null;
  readonly refusal: { readonly at: string; readonly code: string; readonly message: string } | null;
  readonly enrolledAt: string;
  readonly connectedAt: string | null;
  readonly lastSeenAt: string | null;
  readonly running: readonly {
    readonly slot: number;
    readonly attempt: string;
    readonly build: BuildSummary;
    readonly expectedSeconds: number | null;
  }[];
}

export interface WorkerAttempt {
  readonly id: string;
  readonly build: { readonly id: string; readonly name: string; readonly system: string };
  readonly status: 'submitted' | 'started' | 'succeeded' | 'failed' | 'failed-other' | 'canceled';
  readonly reason: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** Every worker, with what it builds now. */
export function listWorkers(client: Client, input: {} & Reading = {}): Promise<ListWorkersAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/workers', answer: 'json' }, input);
}

/** One worker. */
export function getWorker(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<WorkerAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/workers/{id}', answer: 'json' }, input);
}

/** Refuse its credential from now on, and give its builds to others. */
export function removeWorker(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<void> {
  return client.call({ method: 'DELETE', path: '/api/v1/workers/{id}', answer: 'nothing' }, input);
}

/** List worker attempts. */
export function listWorkerAttempts(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<ListWorkerAttemptsAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/workers/{id}/attempts', answer: 'json' },
    input,
  );
}

/** Give it no new builds, for good or until a time. */
export function pauseWorker(
  client: Client,
  input: { readonly path: { readonly id: string }; readonly body?: PauseWorkerBody } & Starting,
): Promise<WorkerAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/workers/{id}/pause', answer: 'json' }, input);
}

/** Let it end what it builds, and take it out of use. */
export function drainWorker(
  client: Client,
  input: { readonly path: { readonly id: string }; readonly body?: DrainWorkerBody } & Starting,
): Promise<WorkerAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/workers/{id}/drain', answer: 'json' }, input);
}

/** End its pause or its drain. */
export function resumeWorker(
  client: Client,
  input: { readonly path: { readonly id: string } } & Starting,
): Promise<WorkerAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/workers/{id}/resume', answer: 'json' },
    input,
  );
}

/** Make a one-time token with which one worker may enrol. */
export function createWorkerToken(
  client: Client,
  input: { readonly body?: CreateWorkerTokenBody } & Starting = {},
): Promise<CreateWorkerTokenAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/workers/tokens', answer: 'json' }, input);
}

/** Exchange a one-time token for a credential of the worker’s own. */
export function enrolWorker(
  client: Client,
  input: { readonly body: EnrolRequest } & Starting,
): Promise<EnrolAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/workers/enrol', answer: 'json' }, input);
}
