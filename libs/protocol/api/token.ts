/** Access tokens as the REST API tells and takes them. A token itself is told when it is made. */
import { z } from 'zod';
import { ResourceName } from '../specification.js';
import { Id, Time } from './page.js';
import { StoreSlug } from './store.js';

export const TokenRequest = z
  .strictObject({
    /** Who or what holds it, for people. */
    name: z.string().min(1).max(200),
    store: StoreSlug.optional(),
    specification: ResourceName.optional(),
    access: z.enum(['read', 'write']),
    /** Until when it is good; for ever unless told. */
    lifeSeconds: z
      .int()
      .min(1)
      .max(10 * 365 * 24 * 3600)
      .optional(),
  })
  .refine((request) => request.store ?? request.specification, {
    message: 'a token is for a store or a specification',
    path: ['store'],
  });
export type TokenRequest = z.infer<typeof TokenRequest>;

export const TokenAnswer = z.object({
  id: Id,
  name: z.string(),
  store: z.string().nullable(),
  specification: z.string().nullable(),
  access: z.enum(['read', 'write']),
  state: z.enum(['good', 'expired', 'revoked']),
  createdAt: Time,
  expiresAt: Time.nullable(),
  revokedAt: Time.nullable(),
  /** Within ten seconds; null: never. */
  lastUsedAt: Time.nullable(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;

export const MadeToken = TokenAnswer.extend({ token: z.string() });
export type MadeToken = z.infer<typeof MadeToken>;

export const TokenList = z.object({ items: z.array(TokenAnswer) });
export type TokenList = z.infer<typeof TokenList>;
