// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What several parts of the API share. */
import type { Client, Reading } from '../client.js';
import type { BuildSummary } from './shared.js';

export interface AvailablePackage {
  readonly build: string;
  readonly name: string;
  readonly since: string;
  readonly size: number;
  readonly closure: { readonly paths: number; readonly size: number; readonly whole: boolean };
  readonly keptUntil: string;
  readonly evaluation: string | null;
  readonly commits: readonly PackageCommit[];
}

export interface PackageAnswer {
  readonly name: string;
  readonly bySystem: readonly {
    readonly system: string;
    readonly newest: BuildSummary;
    readonly available: AvailablePackage | null;
  }[];
}

export interface PackageCommit {
  readonly channel: string;
  readonly revision: string;
  readonly address: string | null;
}

export interface PackagesAnswer {
  readonly items: readonly { readonly name: string }[];
  readonly next: string | null;
}

/** List packages. */
export function listPackages(
  client: Client,
  input: {
    readonly query?: {
      readonly prefix?: string;
      readonly cursor?: string;
      readonly limit?: number;
    };
  } & Reading = {},
): Promise<PackagesAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/packages', answer: 'json' }, input);
}

/** Get package. */
export function getPackage(
  client: Client,
  input: { readonly path: { readonly name: string } } & Reading,
): Promise<PackageAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/packages/{name}', answer: 'json' }, input);
}
