/** Access tokens as the REST API tells and takes them. A token itself is told when it is made. */
import { z } from 'zod';
import { roles } from '#domain/access/actor.js';
import { ResourceName } from '../specification.js';
import { Id, Time } from './page.js';
import { StoreSlug } from './store.js';

export const TokenRequest = z
  .strictObject({
    /** Who or what holds it, for people. */
    name: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{Cc}]+$/u, 'a name without control characters'),
    store: StoreSlug.optional(),
    specification: ResourceName.optional(),
    access: z.enum(['read', 'write']).default('read'),
    /** Whoever holds it acts in this role; in none unless told. */
    role: z.enum(roles).optional(),
    /** What it may change in its role is of these alone; of all the farm unless told. */
    specifications: z.array(ResourceName).min(1).max(100).optional(),
    /** Until when it is good; for ever unless told. */
    lifeSeconds: z
      .int()
      .min(1)
      .max(10 * 365 * 24 * 3600)
      .optional(),
  })
  .refine((request) => request.store ?? request.specification ?? request.role, {
    message: 'a token is for a store or a specification, or acts in a role',
    path: ['store'],
  })
  .refine((request) => request.role !== 'maintainer' || request.specifications, {
    message: 'a maintainer names specifications',
    path: ['specifications'],
  })
  .refine((request) => request.role !== undefined || !request.specifications, {
    message: 'specifications bind a role, and there is none',
    path: ['role'],
  });
export type TokenRequest = z.infer<typeof TokenRequest>;

export const TokenAnswer = z.object({
  id: Id,
  name: z.string(),
  store: z.string().nullable(),
  specification: z.string().nullable(),
  access: z.enum(['read', 'write']),
  /** Null: it acts in no role. */
  role: z.enum(roles).nullable(),
  /** To which its role is bound; null: to none. */
  specifications: z.array(z.string()).nullable(),
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
