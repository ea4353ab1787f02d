/** Carries one message to one receiver, over whatever network there is between. */
import type { Cancellation } from '#std/cancellation.js';
import type { Message } from '#domain/notification/message.js';
import type { Reachable } from '#domain/notification/receiver.js';
import type { Outcome } from '#domain/notification/timing.js';

/**
 * Ends within its own time limit, whatever the receiver does. It tells the receiver's fault as an
 * outcome; whatever it throws instead is ours.
 */
export type Courier<Kind extends Reachable['type']> = (
  message: Message,
  receiver: Extract<Reachable, { readonly type: Kind }>,
  cancellation: Cancellation,
) => Promise<Outcome>;

export interface Couriers {
  readonly email: Courier<'email'>;
  readonly webhook: Courier<'webhook'>;
}
