/** `/api/v1/notifications`: what was told to whom, and what they answered. */
import { z } from 'zod';
import { ResourceName } from '../specification.js';
import { Id, pageOf, PageQuery, Time } from './page.js';

export const notificationStates = [
  'gathering',
  'waiting',
  'delivered',
  'given-up',
  'dropped',
] as const;

export const NotificationAnswer = z.object({
  id: Id,
  specification: z.string(),
  /** Null: a trial. */
  evaluation: Id.nullable(),
  /** `email:ADDRESS` or `webhook:URL`. */
  receiver: z.string(),
  state: z.enum(notificationStates),
  /** How many jobs it tells of. */
  changes: z.int(),
  attempts: z.int(),
  /** Null once it has ended. */
  nextTryAt: Time.nullable(),
  lastAnswer: z.string().nullable(),
  createdAt: Time,
  endedAt: Time.nullable(),
});
export type NotificationAnswer = z.infer<typeof NotificationAnswer>;

export const NotificationList = pageOf(NotificationAnswer);
export type NotificationList = z.infer<typeof NotificationList>;

export const NotificationQuery = PageQuery.extend({
  specification: ResourceName.optional(),
  evaluation: Id.optional(),
  state: z.enum(notificationStates).optional(),
});
export type NotificationQuery = z.infer<typeof NotificationQuery>;

export const NotificationDetail = NotificationAnswer.extend({
  /** The first 200 of them. */
  told: z.array(
    z.object({
      job: z.string(),
      system: z.string(),
      status: z.enum(['broken', 'fixed']),
      build: Id,
      changedAt: Time,
    }),
  ),
  tries: z.array(
    z.object({
      number: z.int(),
      triedAt: Time,
      milliseconds: z.int(),
      delivered: z.boolean(),
      answer: z.string(),
    }),
  ),
});
export type NotificationDetail = z.infer<typeof NotificationDetail>;

/** Tells every receiver of a specification that this is a trial. */
export const TrialRequest = z.strictObject({ specification: ResourceName });
export type TrialRequest = z.infer<typeof TrialRequest>;

export const TrialList = z.object({ items: z.array(NotificationAnswer) });
export type TrialList = z.infer<typeof TrialList>;
