/** Stores as the REST API tells and takes them. */
import { z } from 'zod';
import { addableEncodings } from '#domain/substitute/encodings.js';
import { isStoreSlug } from '#domain/substitute/store.js';
import { Id } from './page.js';

export const StoreSlug = z
  .string()
  .refine(isStoreSlug, 'a letter, then letters, digits and dashes; at most 32');

const Directory = z
  .string()
  .max(255)
  .regex(/^(\/[A-Za-z0-9][A-Za-z0-9._-]*)+$/, 'an absolute path such as /nix/store');

const Host = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, 'a host name');

export const StoreChange = z.strictObject({
  /** The host at whose root it answers; null: below its slug alone. */
  host: Host.nullable().optional(),
  mode: z.enum(['mirror', 'rely']).optional(),
  priority: z.int().min(1).max(1000).optional(),
  ttlSeconds: z.int().min(1).optional(),
  /** Read with a token alone. */
  private: z.boolean().optional(),
  /** Keys whose paths are taken over when they are pushed to a store of the same directory. */
  trustedKeys: z.array(z.string().min(1).max(4000)).max(100).optional(),
  /** Made of its nars in the background; null: what clients of its directory want. */
  encodings: z.array(z.enum(addableEncodings)).max(2).nullable().optional(),
});
export type StoreChange = z.infer<typeof StoreChange>;

export const StoreRequest = StoreChange.extend({
  slug: StoreSlug,
  dir: Directory,
  kind: z.enum(['pushed', 'untrusted']).default('pushed'),
});
export type StoreRequest = z.infer<typeof StoreRequest>;

export const StoreAnswer = z.object({
  id: Id,
  slug: z.string(),
  dir: z.string(),
  kind: z.enum(['farm', 'untrusted', 'pushed']),
  host: z.string().nullable(),
  mode: z.enum(['mirror', 'rely']),
  priority: z.int(),
  ttlSeconds: z.int(),
  private: z.boolean(),
  trustedKeys: z.array(z.string()),
  encodings: z.array(z.enum(addableEncodings)).nullable(),
  /** Where its nix-cache-info lies, without that name and a trailing slash. */
  address: z.string(),
});
export type StoreAnswer = z.infer<typeof StoreAnswer>;

export const StoreList = z.object({ items: z.array(StoreAnswer) });
export type StoreList = z.infer<typeof StoreList>;
