/** Upstreams as the REST API tells and takes them. */
import { z } from 'zod';
import { Id, Time } from './page.js';

/** With nothing secret in it. */
const Address = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const { username, password, search, hash } = new URL(text);
    return username === '' && password === '' && search === '' && hash === '';
  }, 'has neither a name, a password, a question nor a fragment');

export const UpstreamRequest = z.strictObject({
  /** The slug of the store that it serves. */
  store: z.string().max(64),
  url: Address,
  /** `NAME:BASE64` for a store of Nix, the s-expression `(public-key …)` for one of Guix. */
  publicKeys: z.array(z.string().min(1).max(4000)).min(1).max(20),
  /** The lower, the sooner it is asked. */
  position: z.int().min(0).max(1_000_000).default(100),
  /** How long one answer may take. */
  timeoutSeconds: z.number().positive().max(300).default(10),
});
export type UpstreamRequest = z.infer<typeof UpstreamRequest>;

export const UpstreamAnswer = z.object({
  id: Id,
  store: z.string(),
  url: z.string(),
  publicKeys: z.array(z.string()),
  position: z.int(),
  timeoutSeconds: z.number(),
  /** When the farm last began to get answers; null before the first. */
  answeredAt: Time.nullable(),
  /** Null while it answers, or nobody has asked yet. */
  failingSince: Time.nullable(),
  fault: z.string().nullable(),
  /** How many paths are believed to be there. */
  believed: z.int(),
});
export type UpstreamAnswer = z.infer<typeof UpstreamAnswer>;

export const UpstreamList = z.object({
  items: z.array(UpstreamAnswer),
  /** Builds that wait for their outputs to be fetched. */
  fetching: z.int(),
});
export type UpstreamList = z.infer<typeof UpstreamList>;

export const UpstreamTrial = z.strictObject({
  /** A store path, or the 32 characters of its hash part and its name. */
  path: z.string().max(400).optional(),
});
export type UpstreamTrial = z.infer<typeof UpstreamTrial>;

/** Each step of a trial, in order; after one that fails there are no more. */
export const TrialAnswer = z.object({
  ok: z.boolean(),
  steps: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});
export type TrialAnswer = z.infer<typeof TrialAnswer>;
