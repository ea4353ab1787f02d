/**
 * Offers an uploaded path: from then on its narinfo is visible. References are told to be base
 * names of the same store; repeating the offer is harmless.
 */
import { err, type Result } from '#std/result.js';
import type { Offer, OfferRefusal } from '#domain/substitute/offer.js';
import type { SubstituteStore, UploadKey, UploadRefusal } from './ports/substitute-store.js';

export interface OfferParts {
  readonly substitutes: Pick<SubstituteStore, 'directory' | 'offer'>;
  /** Whether the offer's content address, recomputed, gives its path. */
  readonly contentAddressHolds: (dir: string, offer: Offer) => boolean;
}

export type PathRefusal = OfferRefusal | UploadRefusal | { readonly kind: 'wrong-content-address' };

export async function offerPath(
  parts: OfferParts,
  offer: Offer,
  upload: UploadKey,
): Promise<Result<'offer' | 'known', PathRefusal>> {
  const dir = await parts.substitutes.directory(offer.slug);
  if (dir === null) return err({ kind: 'unknown-store' });
  if (!parts.contentAddressHolds(dir, offer)) return err({ kind: 'wrong-content-address' });
  return parts.substitutes.offer(offer, upload);
}
