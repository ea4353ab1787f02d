/** What an open page may hear of, on one stream for all its topics. */
import { z } from 'zod';

const topicsAtMost = 64;
const id = '[1-9][0-9]{0,14}';
const name = '[A-Za-z0-9][A-Za-z0-9._-]{0,62}';
const grammar = new RegExp(`^(farm|workers|queue|(evaluation|build)/${id}|specification/${name})$`);

/** A topic says that something changed; the page then reads what is there now. */
export type EventTopic =
  | 'farm'
  | 'workers'
  | 'queue'
  | `evaluation/${string}`
  | `build/${string}`
  | `specification/${string}`;

export const EventTopic = z
  .string()
  .regex(grammar, 'farm, workers, queue, evaluation/ID, build/ID or specification/NAME')
  .refine((text): text is EventTopic => grammar.test(text));

export const EventsQuery = z.object({
  topic: z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(EventTopic).min(1).max(topicsAtMost),
  ),
  /** The id of the last event that was heard; Last-Event-ID wins. */
  last: z
    .string()
    .regex(/^[0-9a-z]{1,16}-[0-9]{1,15}$/)
    .optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;
