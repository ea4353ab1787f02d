// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Repositories whose files say what is watched and built. */
import type { Client, Reading, Starting } from '../client.js';
import type { RepositoryAnswer } from './shared.js';

export interface RepositoryList {
  readonly items: readonly RepositoryAnswer[];
}

export interface RepositoryRequest {
  readonly name: string;
  readonly url: string;
  readonly branch?: string;
  readonly files: readonly string[];
  readonly credential?: string;
  readonly adopt?: boolean;
  readonly periodSeconds?: number;
}

/** Repositories whose files say what specifications there are. */
export function listRepositories(
  client: Client,
  input: {} & Reading = {},
): Promise<RepositoryList> {
  return client.call({ method: 'GET', path: '/api/v1/repositories', answer: 'json' }, input);
}

/** Keep the specifications of its files from now on. */
export function createRepository(
  client: Client,
  input: { readonly body: RepositoryRequest } & Starting,
): Promise<RepositoryAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/repositories', answer: 'json' }, input);
}

/** One of them, with what was last read of it. */
export function getRepository(
  client: Client,
  input: { readonly path: { readonly name: string } } & Reading,
): Promise<RepositoryAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/repositories/{name}', answer: 'json' }, input);
}

/** Follow it no more; its specifications stay, kept by nobody. */
export function removeRepository(
  client: Client,
  input: { readonly path: { readonly name: string } } & Reading,
): Promise<void> {
  return client.call(
    { method: 'DELETE', path: '/api/v1/repositories/{name}', answer: 'nothing' },
    input,
  );
}

/** Look at it now. */
export function lookRepository(
  client: Client,
  input: { readonly path: { readonly name: string } } & Starting,
): Promise<RepositoryAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/repositories/{name}/look', answer: 'json' },
    input,
  );
}
