// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What waits, where and why. */
import type { Client, Reading } from '../client.js';

export interface QueueAnswer {
  readonly scheduled: number;
  readonly submitted: number;
  readonly started: number;
  readonly bySystem: readonly {
    readonly system: string;
    readonly scheduled: number;
    readonly submitted: number;
    readonly started: number;
    readonly oldestScheduledAt: string | null;
  }[];
  readonly byPriority: readonly {
    readonly system: string;
    readonly priority: number;
    readonly scheduled: number;
    readonly oldestScheduledAt: string | null;
    readonly reasons: readonly { readonly reason: string; readonly builds: number }[];
  }[];
  readonly byClass: readonly { readonly class: string; readonly released: number }[];
  readonly byReason: readonly { readonly reason: string; readonly builds: number }[];
}

/** How much waits, where, and why. */
export function getQueue(client: Client, input: {} & Reading = {}): Promise<QueueAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/queue', answer: 'json' }, input);
}
