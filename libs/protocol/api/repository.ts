/** Git repositories whose files say what specifications there are, as the REST API tells them. */
import { z } from 'zod';
import { Branch, ChannelUrl, RelativePath, ResourceName } from '../specification.js';
import { Time } from './page.js';

export const RepositoryRequest = z.strictObject({
  /** Who keeps its specifications is `repository:NAME`. */
  name: ResourceName,
  url: ChannelUrl.refine(
    (url) => !/^[a-z]+:\/\/[^/@]*:[^/@]*@/i.test(url),
    'an address without a password: name a credential',
  ),
  branch: Branch.default('main'),
  /** Paths within it, in Scheme (.scm), JSON or YAML. */
  files: z.array(RelativePath).min(1).max(32),
  /** The name of a file among the farm's credentials. */
  credential: ResourceName.optional(),
  /** Take over what another file or repository keeps. */
  adopt: z.boolean().default(false),
  /** Seconds; 0 is the farm's own interval. */
  periodSeconds: z
    .int()
    .min(0)
    .max(7 * 24 * 3600)
    .default(0),
});
export type RepositoryRequest = z.infer<typeof RepositoryRequest>;

export const SpecificationFault = z.object({
  file: z.string(),
  /** Both from 1. */
  line: z.int(),
  column: z.int(),
  /** What is wrong and what to write instead. */
  message: z.string(),
});

export const RepositoryAnswer = z.object({
  name: z.string(),
  url: z.string(),
  branch: z.string(),
  files: z.array(z.string()),
  credential: z.string().nullable(),
  adopt: z.boolean(),
  periodSeconds: z.int(),
  nextLookAt: Time,
  lookedAt: Time.nullable(),
  /** What the last look found. */
  revision: z.string().nullable(),
  /** Whose files the farm's specifications are those of. */
  appliedRevision: z.string().nullable(),
  appliedAt: Time.nullable(),
  /** Of its files at `revision`; with any, nothing of that revision was applied. */
  faults: z.array(SpecificationFault),
  /** Why nothing was applied though its files have no faults. */
  failure: z.string().nullable(),
});
export type RepositoryAnswer = z.infer<typeof RepositoryAnswer>;

export const RepositoryList = z.object({ items: z.array(RepositoryAnswer) });
