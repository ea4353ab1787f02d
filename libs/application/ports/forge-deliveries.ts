/**
 * What forges told: written before they are answered, done afterwards. Every method throws
 * FarmFault `database-unavailable`.
 */
import type { Forge } from '#domain/forge/forge.js';
import type { ForgeEvent } from '#domain/forge/forge-event.js';
import type { ForgeDeliveryId, ForgeId } from '#domain/ids.js';

export interface NewDelivery {
  readonly forge: ForgeId;
  /** The forge's own id of it. */
  readonly delivery: string;
  /** SHA-256 of the body, hexadecimal. */
  readonly digest: string;
  readonly event: string;
  readonly told: ForgeEvent;
}

/** `again`: it was told before and failed, and is tried once more. */
export type Receipt = 'accepted' | 'repeated' | 'again';

export interface DeliveryInbox {
  /** A delivery of the same id or the same body is the same one. */
  receive(delivery: NewDelivery): Promise<{ id: ForgeDeliveryId; receipt: Receipt }>;
}

export interface WaitingDelivery {
  readonly id: ForgeDeliveryId;
  readonly forge: Forge;
  readonly told: ForgeEvent;
  /** How often it was tried in vain. */
  readonly tries: number;
}

export const deliveryOutcomes = [
  'answered',
  'ignored',
  'triggered',
  'opened',
  'updated',
  'ended',
  'refused',
] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

export interface DeliveryEnd {
  readonly outcome: DeliveryOutcome;
  /** Sentences for people. */
  readonly detail: string;
  /** Names of the specifications that it concerned. */
  readonly specifications: readonly string[];
}

/** Of one consumer at a time. */
export interface DeliveryDesk {
  /** Those that are due, oldest first. */
  due(limit: number): Promise<readonly WaitingDelivery[]>;
  end(delivery: ForgeDeliveryId, end: DeliveryEnd): Promise<void>;
  /** It is tried again so many seconds from now; null: never, unless the forge tells it again. */
  postpone(delivery: ForgeDeliveryId, why: string, seconds: number | null): Promise<void>;
  /** Forgets what ended so long ago; how many went. */
  prune(days: number): Promise<number>;
}
