/**
 * Whom a specification tells. A receiver is known by where it is reached, so that an edit of how
 * (another sender, another secret) leaves it the same and counts for what still waits.
 */
import type { Notification } from '../specification/notification.js';

export type Reachable = Exclude<Notification, { readonly type: 'mastodon' }>;

export interface Receiver {
  /** `email:ADDRESS` or `webhook:URL`. */
  readonly key: string;
  /** One message at a time travels on a lane: who is slow or silent holds up their own alone. */
  readonly lane: string;
  readonly notification: Reachable;
}

/** Each receiver once, the first of equal ones; Mastodon's records are kept and not delivered. */
export function receiversOf(notifications: readonly Notification[]): Receiver[] {
  const found = new Map<string, Receiver>();
  for (const notification of notifications) {
    if (notification.type === 'mastodon') continue;
    const receiver = { ...addressOf(notification), notification };
    if (!found.has(receiver.key)) found.set(receiver.key, receiver);
  }
  return [...found.values()];
}

/** A mail server is one lane for all whom it reaches: it is the server that hangs. */
function addressOf(notification: Reachable): Pick<Receiver, 'key' | 'lane'> {
  if (notification.type === 'email') {
    return { key: `email:${notification.to}`, lane: `mail:${notification.server}` };
  }
  const key = `webhook:${notification.url}`;
  return { key, lane: key };
}
