/** How clients use the farm's stores: `GET /api/v1/use`. */
import { z } from 'zod';
import { Time } from './page.js';

const Key = z.object({
  /** As `/signing-key.pub` at the store's address has it. */
  text: z.string(),
  /** SHA-256 of that text in hexadecimal. */
  fingerprint: z.string(),
});

const Lines = z.object({
  title: z.string(),
  place: z.enum(['shell', '/etc/nix/nix.conf', '~/.netrc', 'configuration.scm']),
  text: z.string(),
});

const Standing = z.object({
  /** When a path was offered last; null: never. */
  offeredAt: Time.nullable(),
  /** Of the last 30 days. */
  broken: z.int(),
  /** Of these, how many are not offered any more. */
  withdrawn: z.int(),
  brokenAt: Time.nullable(),
});

/** Whether the farm's substituter answers for the store, as its own api finds when it asks. */
const Answering = z.object({
  answers: z.boolean(),
  /** Some seconds ago at most. */
  askedAt: Time,
  milliseconds: z.int(),
  /** What came instead: a status, or silence. */
  fault: z.string().nullable(),
});

export const UseAnswer = z.object({
  stores: z.array(
    z.object({
      slug: z.string(),
      dir: z.string(),
      dialect: z.enum(['guix', 'nix']),
      kind: z.enum(['farm', 'untrusted', 'pushed']),
      address: z.string(),
      /** Seconds for which what is offered stays at least. */
      ttlSeconds: z.int(),
      keys: z.array(Key),
      lines: z.array(Lines),
      /** What came last and what was found broken; farms before it do not tell. */
      standing: Standing.optional(),
      /** Null: it has not been asked yet; farms before it do not tell. */
      answering: Answering.nullable().optional(),
    }),
  ),
});
export type UseAnswer = z.infer<typeof UseAnswer>;
