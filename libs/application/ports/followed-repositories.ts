/** Git repositories whose files say what specifications there are, as the evaluator needs them. */
import type { Specification } from '#domain/specification/specification.js';

export interface FollowedRepository {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  /** Paths within it. */
  readonly files: readonly string[];
  readonly credential: string | null;
  /** What another file or repository keeps is taken over. */
  readonly adopt: boolean;
  readonly appliedRevision: string | null;
}

export interface SpecificationFault {
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type LookOutcome =
  /** Its specifications are those of the farm. */
  | { readonly kind: 'applied'; readonly revision: string }
  /** Nothing was applied. */
  | {
      readonly kind: 'faulty';
      readonly revision: string;
      readonly faults: readonly SpecificationFault[];
    }
  | { readonly kind: 'failed'; readonly revision: string | null; readonly failure: string };

export interface FollowedRepositories {
  /** Those whose time has come, for the caller alone: the next look is a period from now. */
  takeDue(farmPeriodSeconds: number): Promise<FollowedRepository[]>;
  note(repository: FollowedRepository, outcome: LookOutcome): Promise<void>;
}

/** As whoever hears of pushes needs them. */
export interface PushedRepositories {
  list(): Promise<readonly Pick<FollowedRepository, 'name' | 'url' | 'branch'>[]>;
  /** Its time has come. False when none of that name is followed. */
  hurry(name: string): Promise<boolean>;
}

/** Reads the text of specification files; any fault means that nothing of it is to be applied. */
export type ReadSpecificationFiles = (
  files: readonly { readonly name: string; readonly text: string }[],
) => {
  readonly specifications: readonly Specification[];
  readonly faults: readonly SpecificationFault[];
};
