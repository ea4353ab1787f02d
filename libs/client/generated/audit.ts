// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Who changed what. */
import type { Client, Reading } from '../client.js';

export interface AuditEntryAnswer {
  readonly id: string;
  readonly at: string;
  readonly actor: {
    readonly name: string;
    readonly via: 'admin-token' | 'token' | 'certificate' | 'proxy' | 'anonymous';
    readonly role: 'viewer' | 'maintainer' | 'operator' | 'admin';
    readonly token: string | null;
    readonly fingerprint: string | null;
  };
  readonly action: string;
  readonly subject: string;
  readonly outcome: 'done' | 'failed' | 'unknown';
  readonly asked: unknown;
  readonly before: unknown;
  readonly after: unknown;
  readonly previous: string;
  readonly hash: string;
}

export interface AuditList {
  readonly items: readonly AuditEntryAnswer[];
  readonly next: string | null;
}

export interface ChainAnswer {
  readonly head: { readonly id: string; readonly hash: string };
  readonly items: readonly AuditEntryAnswer[];
}

/** Who changed what, newest first. */
export function listAuditEntries(
  client: Client,
  input: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly actor?: string;
      readonly action?: string;
      readonly subject?: string;
    };
  } & Reading = {},
): Promise<AuditList> {
  return client.call({ method: 'GET', path: '/api/v1/audit-entries', answer: 'json' }, input);
}

/** One change, with what stood before and after. */
export function getAuditEntry(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<AuditEntryAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/audit-entries/{id}', answer: 'json' }, input);
}

/** The entries in their order, to verify how each follows the other. */
export function getAuditChain(
  client: Client,
  input: { readonly query?: { readonly after?: number; readonly limit?: number } } & Reading = {},
): Promise<ChainAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/audit-chain', answer: 'json' }, input);
}
