/**
 * Delivers what is due on one lane, one message after the other. A lane that fails is left at once:
 * its messages wait, each for its own next try, and somebody else's have the place.
 */
import type { Cancellation } from '#std/cancellation.js';
import { sentenceOf } from '#std/farm-fault.js';
import { receiversOf, type Reachable } from '#domain/notification/receiver.js';
import { settle, type Outcome } from '#domain/notification/timing.js';
import type { Message } from '#domain/notification/message.js';
import type { Couriers } from './ports/courier.js';
import type { Claimed, NotificationStore } from './ports/notification-store.js';

export interface DeliverParts {
  readonly store: Pick<NotificationStore, 'claim' | 'settle'>;
  readonly couriers: Couriers;
  /** Longer than a courier takes at most. */
  readonly claimSeconds: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly chance: () => number;
  readonly stopping: Cancellation;
}

/** A lane gives its place up after so many, when others wait. */
const deliveredAtOnce = 50;

/** Answers how many messages were tried. */
export async function deliverLane(parts: DeliverParts, lane: string): Promise<number> {
  const { store, claimSeconds } = parts;
  for (let tried = 0; tried < deliveredAtOnce; tried += 1) {
    const claimed = parts.stopping.aborted ? null : await store.claim(lane, claimSeconds);
    if (!claimed) return tried;
    if (!(await deliver(parts, claimed))) return tried + 1;
  }
  return deliveredAtOnce;
}

/** Whether the lane may go on. */
async function deliver(parts: DeliverParts, claimed: Claimed): Promise<boolean> {
  const { message, claim, tries } = claimed;
  const begun = parts.now();
  const outcome = await carry(parts, claimed);
  const milliseconds = Math.round(parts.now() - begun);
  const settlement = settle(outcome, tries, parts.chance());
  const settled = { outcome, settlement, milliseconds };
  const ours = await parts.store.settle(message.delivery, claim, settled);
  return ours && outcome.kind !== 'failed' && outcome.kind !== 'interrupted';
}

async function carry({ couriers, stopping }: DeliverParts, claimed: Claimed): Promise<Outcome> {
  const { message, receiver: key, notifications } = claimed;
  const receiver = receiversOf(notifications).find((one) => one.key === key);
  if (!receiver) {
    return { kind: 'dropped', answer: 'the specification tells this receiver no more' };
  }
  try {
    const outcome = await carriedBy(couriers, stopping)(message, receiver.notification);
    return stopping.aborted && outcome.kind === 'failed' ? interrupted : outcome;
  } catch (fault) {
    if (stopping.aborted) return interrupted;
    // A credential that is not there, a name that does not resolve: people mend it meanwhile.
    return { kind: 'failed', answer: sentenceOf(fault) };
  }
}

const interrupted: Outcome = { kind: 'interrupted', answer: 'the farm stopped meanwhile' };

function carriedBy(couriers: Couriers, stopping: Cancellation) {
  return (message: Message, to: Reachable): Promise<Outcome> =>
    to.type === 'email'
      ? couriers.email(message, to, stopping)
      : couriers.webhook(message, to, stopping);
}
