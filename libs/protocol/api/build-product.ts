/** A build product as the REST API tells it: a file of an output that people download. */
import { z } from 'zod';
import { Id, Time } from './page.js';

export const BuildProductAnswer = z.object({
  id: Id,
  /** What it is, in the specification's words. */
  type: z.string(),
  output: z.string(),
  /** Inside the output; empty is the output itself. */
  path: z.string(),
  /** `awaited` until the build has succeeded and the file was taken out of its nar. */
  state: z.enum(['there', 'awaited', 'refused']),
  /** Why it was refused. */
  reason: z.string().nullable(),
  file: z
    .object({
      name: z.string(),
      size: z.int(),
      /** Hexadecimal. */
      sha256: z.string(),
      takenAt: Time,
      /** Address of the file. */
      download: z.string(),
    })
    .nullable(),
});
export type BuildProductAnswer = z.infer<typeof BuildProductAnswer>;
