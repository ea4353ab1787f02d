/**
 * Whether a store of the farm may take over what was built for an untrusted request. Its recipe is
 * the same, since derivations are named by their hashes; what counts is who followed it, where, and
 * with which bytes: a worker of this farm, closed in, from inputs that are offered in the farm's
 * store with the very bytes that were used.
 */
import { err, ok, type Result } from '#std/result.js';

export interface UsedInput {
  readonly path: string;
  /** As it is offered among what untrusted requests built; null: it is not. */
  readonly used: string | null;
  /** As it is offered in the farm's store; null: it is not. */
  readonly trusted: string | null;
}

export interface BuiltElsewhere {
  readonly path: string;
  readonly origin: 'built' | 'source' | 'pushed' | 'mirrored';
  /** Whether an attempt of this farm's workers brought it. */
  readonly byWorker: boolean;
  readonly sandboxed: boolean;
  /** Outputs of its derivation's inputs, and sources; null: they are not all known. */
  readonly inputs: readonly UsedInput[] | null;
}

export type ReuseRefusal =
  | { readonly kind: 'not-built-here' }
  | { readonly kind: 'not-sandboxed' }
  | { readonly kind: 'inputs-unknown' }
  | { readonly kind: 'input-not-trusted'; readonly path: string };

export function judgeReuse(built: BuiltElsewhere): Result<void, ReuseRefusal> {
  if (built.origin !== 'built' || !built.byWorker) return err({ kind: 'not-built-here' });
  if (!built.sandboxed) return err({ kind: 'not-sandboxed' });
  if (built.inputs === null) return err({ kind: 'inputs-unknown' });
  const doubtful = built.inputs.find(({ used, trusted }) => used === null || used !== trusted);
  return doubtful ? err({ kind: 'input-not-trusted', path: doubtful.path }) : ok(undefined);
}
