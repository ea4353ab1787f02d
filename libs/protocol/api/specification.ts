/** A specification as the REST API tells it: the document, and what its channels are at. */
import { z } from 'zod';
import { SpecificationInput } from '../specification.js';
import { EvaluationAnswer } from './evaluation.js';
import { Id, Time } from './page.js';
import { RepositoryAnswer } from './repository.js';

/** What the last fetch of a channel found. */
export const ChannelState = z.object({
  name: z.string(),
  url: z.string(),
  branch: z.string(),
  revision: z.string().nullable(),
  fetchedAt: Time.nullable(),
  /** Why the last fetch failed; null when it did not. */
  error: z
    .object({ code: z.string(), message: z.string(), since: Time.nullable(), failures: z.int() })
    .nullable(),
  /** The branch went back from a revision that it no longer holds. */
  rewound: z.object({ from: z.string(), at: Time.nullable() }).nullable(),
  /** The channel whose `.guix-channel` pulled it in; null: the specification names it. */
  via: z.string().nullable(),
});
export type ChannelState = z.infer<typeof ChannelState>;

export const SpecificationAnswer = z.object({
  id: Id,
  name: z.string(),
  /** Counts edits; also the ETag, to be sent back as If-Match. */
  version: z.int(),
  specification: SpecificationInput,
  /** Whose text says what it is, `file:NAME` or `repository:NAME`; null: whoever edits it here. */
  managedBy: z.string().nullable(),
  /** The followed repository that keeps it; null: none does. */
  repository: RepositoryAnswer.nullable(),
  channels: z.array(ChannelState),
  nextPollAt: Time.nullable(),
  lastEvaluation: EvaluationAnswer.nullable(),
  createdAt: Time,
  updatedAt: Time,
});
export type SpecificationAnswer = z.infer<typeof SpecificationAnswer>;
