/**
 * A build backend: guix, nix or local. Its two halves run in different apps, so they are two ports:
 * reading a channel (evaluator) and realising a derivation (worker). Derivations of all three are
 * ATerm `.drv` files. Store paths are full paths here (`/nix/store/HASH-NAME`).
 */
import type { Cancellation } from '#std/cancellation.js';
import type { FailureReason } from '#domain/build/reason.js';
import type { BuildLimits, WishedLimits } from '#domain/build/limits.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { Selection } from '#domain/specification/selection.js';

/**
 * A bare git repository with a channel's branch at the revision, and the branch of its keys: git
 * clones and fetches from it what it would from the channel's address, without network or password.
 */
export interface LentRepository {
  readonly directory: string;
  /** Directories that must be readable at the same paths: it borrows from them. */
  readonly borrows: readonly string[];
}

export interface EvaluationRequest {
  /** A directory that this evaluation may use and that is removed after it. */
  readonly workDirectory: string;
  /** Channel name → read-only directory with its files at the revision. */
  readonly checkouts: ReadonlyMap<string, string>;
  /** The same channels, in the same order, as they were fetched. */
  readonly channels: readonly ChannelRevision[];
  /**
   * Channel name → its repository, for backends that fetch and authenticate on their own (guix).
   * `url.DIRECTORY.insteadOf` in git's configuration puts it in the place of the address.
   */
  readonly repositories?: ReadonlyMap<string, LentRepository>;
  readonly selection: Selection;
  readonly systems: readonly string[];
  readonly limits: { readonly timeoutSeconds: number; readonly memoryBytes: number };
}

export interface EvaluatedJob {
  readonly kind: 'job';
  readonly name: string;
  readonly system: string;
  readonly derivation: string;
  readonly outputs: ReadonlyMap<string, string | null>;
  /** description, homepage, license, maintainers … as the channel says them. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly limits: WishedLimits;
}

export type EvaluationEvent =
  | EvaluatedJob
  /** One job could not be evaluated; the others go on. */
  | { readonly kind: 'job-error'; readonly name: string; readonly message: string }
  /** What the reading itself had built, and all that it needs: good for others, too. */
  | { readonly kind: 'built'; readonly paths: readonly string[] }
  /** Bytes for the evaluation's own log. */
  | { readonly kind: 'log'; readonly bytes: Uint8Array };

export interface PathInfo {
  readonly path: string;
  readonly narHash: string;
  readonly narSize: number;
  readonly references: readonly string[];
  readonly ca: string | null;
}

export interface EvaluationBackend {
  /**
   * Reads the selection, each job as soon as it is known. Ends when all are told; throws FarmFault
   * `evaluator-failed`, `evaluation-timed-out` or `evaluation-out-of-memory` when it cannot go on
   * (jobs told before that stand). After it, the `.drv` files and sources can be read below.
   */
  evaluate(request: EvaluationRequest, cancellation: Cancellation): AsyncIterable<EvaluationEvent>;
  /** The bytes of a `.drv` that an evaluation wrote. */
  derivation(path: string): Promise<Uint8Array>;
  /** A source or text file that a derivation of ours names; hash computed here. */
  pathInfo(path: string): Promise<PathInfo>;
  narOf(path: string): AsyncIterable<Uint8Array>;
}

export interface SubstituteServer {
  readonly address: string;
  readonly publicKeys: readonly string[];
}

export interface RealiseRequest {
  readonly derivation: string;
  readonly system: string;
  readonly limits: BuildLimits;
  readonly cores: number;
  readonly maxLogBytes: number;
  /** A directory of this attempt alone; roots and temporary files lie there. */
  readonly workDirectory: string;
  /** With the slug of its store below the address; else the backend's own. */
  readonly substituter: SubstituteServer & { readonly slug?: string };
  /** Asked after it, in their order, for what the farm leaves to others. */
  readonly upstreams?: readonly SubstituteServer[];
}

export type RealiseEvent =
  /** Inputs are there; the builder runs. */
  { readonly kind: 'started' } | { readonly kind: 'log'; readonly bytes: Uint8Array };

export type RealiseResult =
  | {
      readonly kind: 'succeeded';
      readonly outputs: ReadonlyMap<string, string>;
      /** Whether the builder could see nothing but its inputs. */
      readonly sandboxed: boolean;
    }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly message: string;
      readonly exitCode?: number;
    };

export interface BuildBackend {
  /** Imports cost so much here that only what a build needs is worth it. */
  readonly importsSparingly?: boolean;
  /** Base names among these `.drv`s that this worker's store does not have yet. */
  missingDerivations(paths: readonly string[]): Promise<readonly string[]>;
  /**
   * Imports `.drv` files whose references come with them or are there; every path is recomputed.
   */
  importDerivations(files: readonly { path: string; bytes: Uint8Array }[]): Promise<void>;
  /** Fetches all inputs with building forbidden, then builds. Yields events, returns the result. */
  realise(
    request: RealiseRequest,
    cancellation: Cancellation,
  ): AsyncGenerator<RealiseEvent, RealiseResult>;
  pathInfo(path: string): Promise<PathInfo>;
  narOf(path: string): AsyncIterable<Uint8Array>;
}
