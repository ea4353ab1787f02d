/**
 * What the substituter says of a nar that has arrived, and how a trusted evaluator offers a path
 * (a source of a derivation). Hashes are `sha256:` + nix-base32 of the whole.
 */
import { z } from 'zod';

/**
 * Answer to `PUT /SLUG/uploads/BASENAME` (body: the nar, zstd-compressed; 201, or 200 when
 * repeated).
 */
export const UploadAnswer = z.object({
  path: z.string(),
  narHash: z.string(),
  narSize: z.int(),
  fileHash: z.string(),
  fileSize: z.int(),
});
export type UploadAnswer = z.infer<typeof UploadAnswer>;

/** `POST /SLUG/paths` with the service token: offers an uploaded source path. */
export const OfferRequest = z.object({
  path: z.string(),
  narHash: z.string(),
  narSize: z.int(),
  references: z.array(z.string()),
  deriver: z.string().optional(),
  ca: z.string().optional(),
});
export type OfferRequest = z.infer<typeof OfferRequest>;

/** Answer to `PUT /SLUG/derivations/packs/SHA256HEX` with the service token. */
export const PackAnswer = z.object({ pack: z.string(), derivations: z.int() });
export type PackAnswer = z.infer<typeof PackAnswer>;
