// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Substitute servers that are asked before building. */
import type { Client, Reading, Starting } from '../client.js';

export interface TrialAnswer {
  readonly ok: boolean;
  readonly steps: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
}

export interface UpstreamAnswer {
  readonly id: string;
  readonly store: string;
  readonly url: string;
  readonly publicKeys: readonly string[];
  readonly position: number;
  readonly timeoutSeconds: number;
  readonly answeredAt: string | null;
  readonly failingSince: string | null;
  readonly fault: string | null;
  readonly believed: number;
}

export interface UpstreamList {
  readonly items: readonly UpstreamAnswer[];
  readonly fetching: number;
}

export interface UpstreamRequest {
  readonly store: string;
  readonly url: string;
  readonly publicKeys: readonly string[];
  readonly position?: number;
  readonly timeoutSeconds?: number;
}

export interface UpstreamTrial {
  readonly path?: string;
}

/** Substitute servers that are asked before building. */
export function listUpstreams(client: Client, input: {} & Reading = {}): Promise<UpstreamList> {
  return client.call({ method: 'GET', path: '/api/v1/upstreams', answer: 'json' }, input);
}

/** Ask a substitute server before anything is built. */
export function createUpstream(
  client: Client,
  input: { readonly body: UpstreamRequest } & Starting,
): Promise<UpstreamAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/upstreams', answer: 'json' }, input);
}

/** Ask it no more; what was fetched from it stays. */
export function removeUpstream(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<void> {
  return client.call(
    { method: 'DELETE', path: '/api/v1/upstreams/{id}', answer: 'nothing' },
    input,
  );
}

/** Ask it now, as for a build, and tell each step. */
export function tryUpstream(
  client: Client,
  input: { readonly path: { readonly id: string }; readonly body?: UpstreamTrial } & Starting,
): Promise<TrialAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/upstreams/{id}/try', answer: 'json' }, input);
}
