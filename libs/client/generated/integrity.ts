// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Whether what is offered is what was built. */
import type { Client, Reading, Starting } from '../client.js';

export interface FindingAnswer {
  readonly id: string;
  readonly foundAt: string;
  readonly foundBy: 'serving' | 'scrub' | 'verification' | 'encoding';
  readonly store: string | null;
  readonly path: string | null;
  readonly fileKey: string | null;
  readonly kind: string;
  readonly detail: string;
  readonly done: 'told' | 'dropped' | 'withdrawn';
  readonly build: string | null;
}

export interface IntegrityAnswer {
  readonly withdrawn: number;
  readonly scrub: {
    readonly paths: number;
    readonly bytes: number;
    readonly broken: number;
    readonly lastRound: {
      readonly beganAt: string;
      readonly endedAt: string;
      readonly paths: number;
    } | null;
  };
}

export interface ListIntegrityFindingsAnswer {
  readonly items: readonly FindingAnswer[];
  readonly next: string | null;
}

export interface ListVerificationFindingsAnswer {
  readonly items: readonly FindingAnswer[];
  readonly next: string | null;
}

export interface VerificationAnswer {
  readonly id: string;
  readonly store: string | null;
  readonly share: number;
  readonly repair: boolean;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly expected: number;
  readonly paths: number;
  readonly bytes: number;
  readonly broken: number;
  readonly incomplete: number;
  readonly orphans: { readonly files: number; readonly bytes: number };
  readonly fault: string | null;
}

export interface VerificationRequest {
  readonly store?: string;
  readonly sample?: string;
  readonly repair?: boolean;
}

/** Verify what is offered: its files, its nars, its references. */
export function createVerification(
  client: Client,
  input: { readonly body: VerificationRequest } & Starting,
): Promise<VerificationAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/verifications', answer: 'json' }, input);
}

/** How far a verification has come. */
export function getVerification(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<VerificationAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/verifications/{id}', answer: 'json' }, input);
}

/** What a verification found, in that order. */
export function listVerificationFindings(
  client: Client,
  input: {
    readonly path: { readonly id: string };
    readonly query?: { readonly cursor?: string; readonly limit?: number };
  } & Reading,
): Promise<ListVerificationFindingsAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/verifications/{id}/findings', answer: 'json' },
    input,
  );
}

/** What is withdrawn, and how far the scrub has come. */
export function getIntegrity(client: Client, input: {} & Reading = {}): Promise<IntegrityAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/integrity', answer: 'json' }, input);
}

/** Everything that was found broken, the newest first. */
export function listIntegrityFindings(
  client: Client,
  input: { readonly query?: { readonly cursor?: string; readonly limit?: number } } & Reading = {},
): Promise<ListIntegrityFindingsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/integrity/findings', answer: 'json' }, input);
}
