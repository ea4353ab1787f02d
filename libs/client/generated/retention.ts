// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What is kept, and what was let go of. */
import type { Client, Reading, Starting } from '../client.js';

export interface CollectionAnswer {
  readonly id: string;
  readonly wishedBy: 'person' | 'clock' | 'disk';
  readonly dryRun: boolean;
  readonly wantedBytes: number | null;
  readonly phase:
    | 'waiting'
    | 'evaluations'
    | 'derivations'
    | 'looking'
    | 'paths'
    | 'packs'
    | 'finished'
    | 'failed';
  readonly fault: string | null;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly evaluations: number;
  readonly derivations: number;
  readonly pathsLooked: number;
  readonly pathsFound: number;
  readonly paths: number;
  readonly bytes: number;
  readonly packs: number;
  readonly logs: number;
}

export interface CollectionRequest {
  readonly dryRun?: boolean;
  readonly wantedBytes?: number;
}

export interface CreatePinAnswer {
  readonly items: readonly PinAnswer[];
}

export interface ListCollectionsAnswer {
  readonly items: readonly CollectionAnswer[];
  readonly next: string | null;
}

export interface ListPinsAnswer {
  readonly items: readonly PinAnswer[];
}

export interface ListReleasesAnswer {
  readonly items: readonly ReleaseAnswer[];
}

export interface PinAnswer {
  readonly id: string;
  readonly store: string;
  readonly path: string;
  readonly note: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

export interface PinRequest {
  readonly path: string;
  readonly store?: string;
  readonly note?: string;
  readonly expiresAt?: string;
}

export interface ReleaseAnswer {
  readonly id: string;
  readonly name: string;
  readonly evaluation: string;
  readonly specification: string;
  readonly note: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly expired: boolean;
}

export interface ReleaseRequest {
  readonly name: string;
  readonly evaluation: string;
  readonly note?: string;
  readonly expiresAt?: string;
}

/** Paths that are kept by hand. */
export function listPins(client: Client, input: {} & Reading = {}): Promise<ListPinsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/pins', answer: 'json' }, input);
}

/** Keep an offered path, with all that it needs, whatever its age. */
export function createPin(
  client: Client,
  input: { readonly body: PinRequest } & Starting,
): Promise<CreatePinAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/pins', answer: 'json' }, input);
}

/** Keep it by hand no more. */
export function removePin(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<void> {
  return client.call({ method: 'DELETE', path: '/api/v1/pins/{id}', answer: 'nothing' }, input);
}

/** The newest first; expired ones stay as history. */
export function listReleases(
  client: Client,
  input: { readonly query?: { readonly name?: string } } & Reading = {},
): Promise<ListReleasesAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/releases', answer: 'json' }, input);
}

/** Keep an evaluation, with all that its jobs lead to, under a name. */
export function createRelease(
  client: Client,
  input: { readonly body: ReleaseRequest } & Starting,
): Promise<ReleaseAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/releases', answer: 'json' }, input);
}

/** Keep it under its name no more. */
export function removeRelease(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<void> {
  return client.call({ method: 'DELETE', path: '/api/v1/releases/{id}', answer: 'nothing' }, input);
}

/** Collections of garbage, newest first. */
export function listCollections(
  client: Client,
  input: { readonly query?: { readonly cursor?: string; readonly limit?: number } } & Reading = {},
): Promise<ListCollectionsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/collections', answer: 'json' }, input);
}

/** Collect garbage, or say what would go. */
export function createCollection(
  client: Client,
  input: { readonly body?: CollectionRequest } & Starting = {},
): Promise<CollectionAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/collections', answer: 'json' }, input);
}

/** How far a collection of garbage has come. */
export function getCollection(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<CollectionAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/collections/{id}', answer: 'json' }, input);
}
