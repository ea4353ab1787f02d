/**
 * Where finished answers are held: bounded, lost with the process, and free to lose any answer at
 * any moment. Places are told apart by store and hash part.
 */
import type { Store } from '#domain/substitute/store.js';

export interface NarinfoPlace {
  readonly store: Pick<Store, 'id' | 'slug'>;
  readonly hashPart: string;
}

export interface HeldAnswer<Answer> {
  readonly answer: Answer;
  /** Of what it was made from; below 2^32. */
  readonly digest: number;
  /** False when something may have changed since. */
  readonly fresh: boolean;
}

export interface AnswerKeeper<Answer> {
  find(place: NarinfoPlace): Promise<HeldAnswer<Answer> | null>;
  keep(place: NarinfoPlace, held: HeldAnswer<Answer>): void;
  forget(place: NarinfoPlace): void;
  forgetStore(store: number): void;
  /** All that is held counts as not fresh. */
  doubtAll(): void;
}
