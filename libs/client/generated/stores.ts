// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What the substituter publishes, and how. */
import type { Client, Reading, Starting, Writing } from '../client.js';

export interface StoreAnswer {
  readonly id: string;
  readonly slug: string;
  readonly dir: string;
  readonly kind: 'farm' | 'untrusted' | 'pushed';
  readonly host: string | null;
  readonly mode: 'mirror' | 'rely';
  readonly priority: number;
  readonly ttlSeconds: number;
  readonly private: boolean;
  readonly trustedKeys: readonly string[];
  readonly encodings: readonly ('gzip' | 'lzip')[] | null;
  readonly address: string;
}

export interface StoreChange {
  readonly host?: string | null;
  readonly mode?: 'mirror' | 'rely';
  readonly priority?: number;
  readonly ttlSeconds?: number;
  readonly private?: boolean;
  readonly trustedKeys?: readonly string[];
  readonly encodings?: readonly ('gzip' | 'lzip')[] | null;
}

export interface StoreList {
  readonly items: readonly StoreAnswer[];
}

export interface StoreRequest {
  readonly host?: string | null;
  readonly mode?: 'mirror' | 'rely';
  readonly priority?: number;
  readonly ttlSeconds?: number;
  readonly private?: boolean;
  readonly trustedKeys?: readonly string[];
  readonly encodings?: readonly ('gzip' | 'lzip')[] | null;
  readonly slug: string;
  readonly dir: string;
  readonly kind?: 'pushed' | 'untrusted';
}

/** Every store, and how it is published. */
export function listStores(client: Client, input: {} & Reading = {}): Promise<StoreList> {
  return client.call({ method: 'GET', path: '/api/v1/stores', answer: 'json' }, input);
}

/** Add a store for pushes, or for what untrusted requests build. */
export function createStore(
  client: Client,
  input: { readonly body: StoreRequest } & Starting,
): Promise<StoreAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/stores', answer: 'json' }, input);
}

/** One store, and how it is published. */
export function getStore(
  client: Client,
  input: { readonly path: { readonly slug: string } } & Reading,
): Promise<StoreAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/stores/{slug}', answer: 'json' }, input);
}

/** Change how a store is published; its directory and kind stay. */
export function changeStore(
  client: Client,
  input: { readonly path: { readonly slug: string }; readonly body: StoreChange } & Writing,
): Promise<StoreAnswer> {
  return client.call({ method: 'PATCH', path: '/api/v1/stores/{slug}', answer: 'json' }, input);
}
