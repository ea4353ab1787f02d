/**
 * What is to be told to whom, in Postgres. Changes are taken up once, each by the transaction that
 * writes the messages they become part of; a message is claimed by one deliverer at a time, and
 * what somebody says of a claim that has run out counts no more.
 */
import type { ChangeKind } from '#domain/notification/change.js';
import type { Message } from '#domain/notification/message.js';
import type { Outcome, Settlement } from '#domain/notification/timing.js';
import type { Notification } from '#domain/specification/notification.js';
import type { DeliveryId, EvaluationId, SpecificationId, WeatherChangeId } from '#domain/ids.js';

export interface UntoldChange {
  readonly id: WeatherChangeId;
  readonly specification: SpecificationId;
  readonly evaluation: EvaluationId;
  readonly kind: ChangeKind;
}

export interface UntoldChanges {
  /** In the order in which they were written, so far as can be seen. */
  readonly changes: readonly UntoldChange[];
  /** Of the newest version of each specification among them. */
  readonly notifications: ReadonlyMap<SpecificationId, readonly Notification[]>;
}

/** The changes of one evaluation for one receiver. */
export interface Gathering {
  readonly specification: SpecificationId;
  readonly evaluation: EvaluationId;
  readonly receiver: string;
  readonly lane: string;
  readonly changes: readonly WeatherChangeId[];
}

export interface Claimed {
  readonly claim: string;
  readonly message: Message;
  readonly receiver: string;
  /** This try among all, counted from 1. */
  readonly tries: number;
  /** As the specification has them now. */
  readonly notifications: readonly Notification[];
}

export interface Settled {
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  readonly milliseconds: number;
}

/** Every method throws FarmFault `database-unavailable`. */
export interface NotificationStore {
  untold(atMost: number): Promise<UntoldChanges>;
  /**
   * Writes the messages, or adds to those that still gather; `windows` is the ladder of
   * timing.ts. False, and nothing is written, when another took up one of the changes meanwhile.
   */
  gather(
    changes: readonly WeatherChangeId[],
    gatherings: readonly Gathering[],
    windows: readonly number[],
  ): Promise<boolean>;
  /** On which something is due and nobody is at work. */
  dueLanes(atMost: number): Promise<readonly string[]>;
  /** The message of a lane that has waited longest; null when none is due. */
  claim(lane: string, seconds: number): Promise<Claimed | null>;
  /** False when the claim had run out and another has it. */
  settle(delivery: DeliveryId, claim: string, settled: Settled): Promise<boolean>;
  /** Lets go of messages that ended so many days ago; answers how many. */
  forget(days: number): Promise<number>;
}
