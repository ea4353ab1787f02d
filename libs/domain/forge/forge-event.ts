/** What a forge tells, as far as the farm means it; forges' own words end in protocol/forge. */

export interface RepositoryPlaces {
  /** OWNER/NAME in small letters. */
  readonly name: string;
  /** Every address by which the forge says it can be fetched. */
  readonly addresses: readonly string[];
}

export interface PushEvent {
  readonly kind: 'push';
  readonly repository: RepositoryPlaces;
  readonly branch: string;
  /** Null: the branch is gone. */
  readonly revision: string | null;
}

export interface RequestHead {
  readonly address: string;
  /** It is a branch of the repository that it asks to be merged into. */
  readonly sameRepository: boolean;
  readonly branch: string;
  readonly revision: string;
}

/** A pull request (or merge request) as it stands. */
export interface RequestEvent {
  readonly kind: 'request';
  readonly repository: RepositoryPlaces;
  readonly number: number;
  readonly happened: 'opened' | 'changed' | 'closed';
  /** The branch that it is to be merged into. */
  readonly base: string;
  /** Null: the repository that it came from is gone. */
  readonly head: RequestHead | null;
  /** The account whose request it is, in small letters. */
  readonly author: string;
  /** The forge knows the author as somebody who may write to the repository. */
  readonly collaborator: boolean;
  readonly labels: readonly string[];
  /** ISO 8601, as the forge dates it. */
  readonly updatedAt: string;
}

export type ForgeEvent =
  | { readonly kind: 'ping' }
  /** A tag, a comment, a star: `why` says in a sentence that nothing follows. */
  | { readonly kind: 'other'; readonly why: string }
  | PushEvent
  | RequestEvent;

const branchPrefix = 'refs/heads/';

/** A push as all four forges tell it: by the full reference, and zeros for what is gone. */
export function pushOf(
  repository: RepositoryPlaces,
  pushed: { readonly ref: string; readonly after: string },
): ForgeEvent {
  if (!pushed.ref.startsWith(branchPrefix)) {
    return { kind: 'other', why: `${pushed.ref} is no branch` };
  }
  const revision = /^0*$/.test(pushed.after) ? null : pushed.after;
  return { kind: 'push', repository, branch: pushed.ref.slice(branchPrefix.length), revision };
}
