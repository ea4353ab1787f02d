// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What is watched and built. */
import type { Client, Reading, Starting, Writing } from '../client.js';
import type { EvaluationAnswer, RepositoryAnswer } from './shared.js';

export interface ChannelState {
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  readonly revision: string | null;
  readonly fetchedAt: string | null;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly since: string | null;
    readonly failures: number;
  } | null;
  readonly rewound: { readonly from: string; readonly at: string | null } | null;
  readonly via: string | null;
}

export interface EvaluateSpecificationAnswer {
  readonly specification: string;
  readonly trigger: string;
}

export interface ListSpecificationsAnswer {
  readonly items: readonly SpecificationAnswer[];
}

export interface SpecificationAnswer {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly specification: SpecificationInputWhole;
  readonly managedBy: string | null;
  readonly repository: RepositoryAnswer | null;
  readonly channels: readonly ChannelState[];
  readonly nextPollAt: string | null;
  readonly lastEvaluation: EvaluationAnswer | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface SpecificationInput {
  readonly name: string;
  readonly backend: 'nix' | 'guix' | 'local';
  readonly channels: readonly {
    readonly name: string;
    readonly url: string;
    readonly branch?: string;
    readonly commit?: string;
    readonly introduction?: { readonly commit: string; readonly fingerprint: string };
    readonly credential?: string;
  }[];
  readonly selection:
    | { readonly channel?: string; readonly file: string; readonly attribute?: string }
    | { readonly set: 'all' | 'core' | 'guix' | 'hello' | 'images' | 'system-tests' | 'tarball' }
    | { readonly packages: readonly string[] }
    | { readonly channels: readonly string[] }
    | { readonly manifests: readonly string[] }
    | { readonly custom: readonly string[] }
    | {
        readonly packs: {
          readonly manifest: string;
          readonly formats: readonly ('docker' | 'squashfs' | 'tarball')[];
        };
      };
  readonly systems?: readonly string[];
  readonly priority?: number;
  readonly period?: number;
  readonly share?: number;
  readonly maxRunning?: number;
  readonly limits?: { readonly timeoutSeconds?: number; readonly maxSilentSeconds?: number };
  readonly active?: boolean;
  readonly superseded?: 'keep' | 'cancel';
  readonly trust?: 'trusted' | 'untrusted';
  readonly keep?: number;
  readonly buildOutputs?: readonly {
    readonly job: string;
    readonly type: string;
    readonly output?: string;
    readonly path?: '' | string;
  }[];
  readonly notifications?: readonly (
    | {
        readonly type: 'email';
        readonly from: string;
        readonly to: string;
        readonly server: string;
      }
    | { readonly type: 'mastodon' }
    | { readonly type: 'webhook'; readonly url: string; readonly secret?: string }
  )[];
}

export interface SpecificationInputWhole {
  readonly name: string;
  readonly backend: 'nix' | 'guix' | 'local';
  readonly channels: readonly {
    readonly name: string;
    readonly url: string;
    readonly branch: string;
    readonly commit?: string;
    readonly introduction?: { readonly commit: string; readonly fingerprint: string };
    readonly credential?: string;
  }[];
  readonly selection:
    | { readonly channel?: string; readonly file: string; readonly attribute?: string }
    | { readonly set: 'all' | 'core' | 'guix' | 'hello' | 'images' | 'system-tests' | 'tarball' }
    | { readonly packages: readonly string[] }
    | { readonly channels: readonly string[] }
    | { readonly manifests: readonly string[] }
    | { readonly custom: readonly string[] }
    | {
        readonly packs: {
          readonly manifest: string;
          readonly formats: readonly ('docker' | 'squashfs' | 'tarball')[];
        };
      };
  readonly systems: readonly string[];
  readonly priority: number;
  readonly period: number;
  readonly share: number;
  readonly maxRunning?: number;
  readonly limits: { readonly timeoutSeconds?: number; readonly maxSilentSeconds?: number };
  readonly active: boolean;
  readonly superseded: 'keep' | 'cancel';
  readonly trust?: 'trusted' | 'untrusted';
  readonly keep: number;
  readonly buildOutputs?: readonly {
    readonly job: string;
    readonly type: string;
    readonly output: string;
    readonly path: '' | string;
  }[];
  readonly notifications?: readonly (
    | {
        readonly type: 'email';
        readonly from: string;
        readonly to: string;
        readonly server: string;
      }
    | { readonly type: 'mastodon' }
    | { readonly type: 'webhook'; readonly url: string; readonly secret?: string }
  )[];
}

/** Every specification, with what its channels are at. */
export function listSpecifications(
  client: Client,
  input: {} & Reading = {},
): Promise<ListSpecificationsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/specifications', answer: 'json' }, input);
}

/** Add a specification. */
export function createSpecification(
  client: Client,
  input: { readonly body: SpecificationInput } & Starting,
): Promise<SpecificationAnswer> {
  return client.call({ method: 'POST', path: '/api/v1/specifications', answer: 'json' }, input);
}

/** One specification, with what its channels are at. */
export function getSpecification(
  client: Client,
  input: { readonly path: { readonly name: string } } & Reading,
): Promise<SpecificationAnswer> {
  return client.call(
    { method: 'GET', path: '/api/v1/specifications/{name}', answer: 'json' },
    input,
  );
}

/** Write a specification whole, new or not. */
export function putSpecification(
  client: Client,
  input: {
    readonly path: { readonly name: string };
    readonly query?: { readonly 'managed-by'?: string; readonly force?: 'true' | 'false' };
    readonly body: SpecificationInput;
  } & Writing,
): Promise<SpecificationAnswer> {
  return client.call(
    { method: 'PUT', path: '/api/v1/specifications/{name}', answer: 'json' },
    input,
  );
}

/** Archive it; its evaluations and builds stay, and its name is free again. */
export function removeSpecification(
  client: Client,
  input: {
    readonly path: { readonly name: string };
    readonly query?: { readonly 'managed-by'?: string; readonly force?: 'true' | 'false' };
  } & Reading,
): Promise<void> {
  return client.call(
    { method: 'DELETE', path: '/api/v1/specifications/{name}', answer: 'nothing' },
    input,
  );
}

/** Look at its channels now. */
export function evaluateSpecification(
  client: Client,
  input: { readonly path: { readonly name: string } } & Starting,
): Promise<EvaluateSpecificationAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/specifications/{name}/evaluate', answer: 'json' },
    input,
  );
}

/** Neither poll nor evaluate it until it is resumed. */
export function pauseSpecification(
  client: Client,
  input: { readonly path: { readonly name: string } } & Starting,
): Promise<SpecificationAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/specifications/{name}/pause', answer: 'json' },
    input,
  );
}

/** Poll and evaluate it again. */
export function resumeSpecification(
  client: Client,
  input: { readonly path: { readonly name: string } } & Starting,
): Promise<SpecificationAnswer> {
  return client.call(
    { method: 'POST', path: '/api/v1/specifications/{name}/resume', answer: 'json' },
    input,
  );
}
