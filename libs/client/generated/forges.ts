// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Forges, what they tell and how their requests are built. */
import type { Client, Reading, Starting, Writing } from '../client.js';

export interface ForgeAnswer {
  readonly id: string;
  readonly name: string;
  readonly kind: 'github' | 'gitlab' | 'gitea' | 'forgejo';
  readonly address: string;
  readonly apiAddress: string;
  readonly secrets: readonly string[];
  readonly statusCredential: string | null;
  readonly createdAt: string;
  readonly lastDeliveryAt: string | null;
  readonly refused: { readonly at: string; readonly why: string } | null;
}

export interface ForgeDeliveryAnswer {
  readonly id: string;
  readonly forge: string;
  readonly delivery: string;
  readonly event: string;
  readonly receivedAt: string;
  readonly repeated: number;
  readonly state: 'waiting' | 'done' | 'failed';
  readonly outcome: string | null;
  readonly detail: string | null;
  readonly specifications: readonly string[];
  readonly endedAt: string | null;
}

export interface ForgeDeliveryList {
  readonly items: readonly ForgeDeliveryAnswer[];
  readonly next: string | null;
}

export interface ForgeList {
  readonly items: readonly ForgeAnswer[];
}

export interface ForgeRequest {
  readonly kind: 'github' | 'gitlab' | 'gitea' | 'forgejo';
  readonly address?: string;
  readonly apiAddress?: string;
  readonly secrets: readonly string[];
  readonly statusCredential?: string | null;
}

export interface ForgeTrial {
  readonly ok: boolean;
  readonly steps: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
}

export interface TemplateAnswer {
  readonly id: string;
  readonly repository: string;
  readonly specification: string;
  readonly admits: 'collaborators' | 'everyone' | 'label';
  readonly label: string | null;
  readonly allowed: readonly string[];
  readonly requestsAtMost: number;
  readonly priority: number;
  readonly maxRunning: number;
  readonly expiryHours: number;
  readonly open: number;
}

export interface TemplateList {
  readonly items: readonly TemplateAnswer[];
}

export interface TemplateRequest {
  readonly repository: string;
  readonly specification: string;
  readonly admits?: 'collaborators' | 'everyone' | 'label';
  readonly label?: string;
  readonly allowed?: readonly string[];
  readonly requestsAtMost?: number;
  readonly priority?: number;
  readonly maxRunning?: number;
  readonly expiryHours?: number;
}

/** Every forge that is heard. */
export function listForges(client: Client, input: {} & Reading = {}): Promise<ForgeList> {
  return client.call({ method: 'GET', path: '/api/v1/forges', answer: 'json' }, input);
}

/** One forge, how it is heard and how it does. */
export function getForge(
  client: Client,
  input: { readonly path: { readonly name: string } } & Reading,
): Promise<ForgeAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/forges/{name}', answer: 'json' }, input);
}

/** Add a forge, or change the one of that name. */
export function putForge(
  client: Client,
  input: { readonly path: { readonly name: string }; readonly body: ForgeRequest } & Writing,
): Promise<ForgeAnswer> {
  return client.call({ method: 'PUT', path: '/api/v1/forges/{name}', answer: 'json' }, input);
}

/** Hear it no more, and let the specifications of its requests go. */
export function removeForge(
  client: Client,
  input: { readonly path: { readonly name: string } } & Reading,
): Promise<void> {
  return client.call({ method: 'DELETE', path: '/api/v1/forges/{name}', answer: 'nothing' }, input);
}

/** Look whether its secrets and its token are good. */
export function tryForge(
  client: Client,
  input: { readonly path: { readonly name: string } } & Starting,
): Promise<ForgeTrial> {
  return client.call({ method: 'POST', path: '/api/v1/forges/{name}/try', answer: 'json' }, input);
}

/** How the pull requests of its repositories are built. */
export function listForgeTemplates(
  client: Client,
  input: { readonly path: { readonly name: string } } & Reading,
): Promise<TemplateList> {
  return client.call(
    { method: 'GET', path: '/api/v1/forges/{name}/templates', answer: 'json' },
    input,
  );
}

/** Say how the pull requests of a repository are built, and for whom. */
export function createForgeTemplate(
  client: Client,
  input: { readonly path: { readonly name: string }; readonly body: TemplateRequest } & Starting,
): Promise<TemplateAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/forges/{name}/templates', answer: 'json' },
    input,
  );
}

/** Build the requests of that repository no more. */
export function removeForgeTemplate(
  client: Client,
  input: { readonly path: { readonly name: string; readonly id: string } } & Reading,
): Promise<void> {
  return client.call(
    { method: 'DELETE', path: '/api/v1/forges/{name}/templates/{id}', answer: 'nothing' },
    input,
  );
}

/** What forges told, newest first, and what became of it. */
export function listForgeDeliveries(
  client: Client,
  input: {
    readonly query?: { readonly cursor?: string; readonly limit?: number; readonly forge?: string };
  } & Reading = {},
): Promise<ForgeDeliveryList> {
  return client.call({ method: 'GET', path: '/api/v1/forge-deliveries', answer: 'json' }, input);
}

/** Take what a forge told once more, as if it had just come. */
export function redeliverForgeDelivery(
  client: Client,
  input: { readonly path: { readonly id: string } } & Starting,
): Promise<void> {
  return client.call(
    { method: 'POST', path: '/api/v1/forge-deliveries/{id}/redeliver', answer: 'nothing' },
    input,
  );
}
