/** How clients use the farm's stores: `GET /api/v1/use`. */
import { z } from 'zod';

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
    }),
  ),
});
export type UseAnswer = z.infer<typeof UseAnswer>;
