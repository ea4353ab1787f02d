// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What changes, as it happens. */
import type { Client, RawAnswer, Reading } from '../client.js';

/** What changes, as server-sent events. */
export function listEvents(
  client: Client,
  input: {
    readonly query: { readonly topic: readonly string[]; readonly last?: string };
  } & Reading,
): Promise<RawAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/events', answer: 'raw' }, input);
}
