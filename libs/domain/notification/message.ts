/** What a receiver is told of, before it is put into the words of mail or of webhooks. */
import type { DeliveryId, EvaluationId } from '../ids.js';
import type { WeatherChange } from './change.js';

export interface Message {
  readonly delivery: DeliveryId;
  /** A UUID: the same whenever the same message is sent. */
  readonly key: string;
  readonly specification: string;
  /** Null: a trial that somebody asked for. */
  readonly evaluation: EvaluationId | null;
  readonly createdAt: Date;
  /** The first so many of them, those that broke first; in the order in which they happened. */
  readonly changes: readonly WeatherChange[];
  readonly counts: { readonly broken: number; readonly fixed: number };
}

/** A message tells so many jobs by name; of the others it tells how many there are. */
export const toldByName = 200;
