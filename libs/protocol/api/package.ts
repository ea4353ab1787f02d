/** `/api/v1/packages`: what there is of a package for each system, and until when. */
import { z } from 'zod';
import { BuildSummary } from './build.js';
import { Id, Limit, Time } from './page.js';

export const PackageCommit = z.object({
  channel: z.string(),
  revision: z.string(),
  /** Where people read it; null where the host is not known. */
  address: z.string().nullable(),
});
export type PackageCommit = z.infer<typeof PackageCommit>;

/** The newest build whose main output can be downloaded. */
export const AvailablePackage = z.object({
  build: Id,
  name: z.string(),
  since: Time,
  /** Bytes of the main output, unpacked. */
  size: z.int(),
  closure: z.object({ paths: z.int(), size: z.int(), whole: z.boolean() }),
  /** It is not let go before, whatever happens; it may stay longer. */
  keptUntil: Time,
  evaluation: Id.nullable(),
  commits: z.array(PackageCommit),
});
export type AvailablePackage = z.infer<typeof AvailablePackage>;

export const PackageAnswer = z.object({
  name: z.string(),
  bySystem: z.array(
    z.object({
      system: z.string(),
      newest: BuildSummary,
      available: AvailablePackage.nullable(),
    }),
  ),
});
export type PackageAnswer = z.infer<typeof PackageAnswer>;

export const PackagesQuery = z.object({
  /** Names that begin so. */
  prefix: z.string().max(255).default(''),
  /** Names after this one, as `next` said. */
  cursor: z.string().max(255).optional(),
  limit: Limit,
});
export type PackagesQuery = z.infer<typeof PackagesQuery>;

export const PackagesAnswer = z.object({
  items: z.array(z.object({ name: z.string() })),
  /** The last of these names; null at the end. */
  next: z.string().nullable(),
});
export type PackagesAnswer = z.infer<typeof PackagesAnswer>;
