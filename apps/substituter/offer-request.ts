/** Reads an offer: each name in it must be that of a store path before it goes any further. */
import type { ProblemFault } from '#protocol/api/problem.js';
import type { OfferRequest } from '#protocol/upload.js';
import type { Offer } from '#domain/substitute/offer.js';
import { formatHash, parseHash } from '#formats/hash.js';
import { parseBasename } from '#formats/store-path.js';
import { err, ok, type Result } from '#std/result.js';

export function offerOf(slug: string, request: OfferRequest): Result<Offer, ProblemFault> {
  const { path, references, deriver } = request;
  const bad = references.findIndex((name) => !parseBasename(name).ok);
  if (!parseBasename(path).ok) return fault('/path', 'is not the base name of a store path');
  if (bad >= 0) return fault(`/references/${bad}`, 'is not the base name of a store path');
  if (deriver !== undefined && !(deriver.endsWith('.drv') && parseBasename(deriver).ok)) {
    return fault('/deriver', 'is not the base name of a derivation');
  }
  const hash = parseHash(request.narHash);
  if (!hash.ok || hash.value.algorithm !== 'sha256') return fault('/narHash', 'is not a sha256');
  return ok({
    slug,
    path,
    references: [...new Set(references)].sort(),
    narHash: formatHash(hash.value),
    narSize: request.narSize,
    deriver: deriver ?? null,
    ca: request.ca ?? null,
    signatures: [],
  });
}

function fault(pointer: string, detail: string): Result<never, ProblemFault> {
  return err({ pointer, detail });
}
