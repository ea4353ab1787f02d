/**
 * The truth about uploads and offered paths. A path is offered from the moment that its row is
 * committed: nothing else makes its narinfo visible.
 */
import type { Result } from '#std/result.js';
import type { AttemptId, Fence } from '#domain/ids.js';
import type { Offer, OfferRefusal } from '#domain/substitute/offer.js';
import type { OfferedPath, UploadedNar } from '#domain/substitute/offered-path.js';

/** Who uploads: a trusted service of the farm, or the holder of an attempt's lease. */
export type Principal =
  | { readonly kind: 'service' }
  | { readonly kind: 'attempt'; readonly attempt: AttemptId; readonly fence: Fence };

export type UploadRefusal = { readonly kind: 'unknown-store' } | { readonly kind: 'lease-lapsed' };

/** Every method throws FarmFault `database-unavailable`. */
export interface SubstituteStore {
  /** The directory of a store, by its slug; null when the farm has no such store. */
  directory(slug: string): Promise<string | null>;
  /** Whether the attempt's lease is there with this fence; one that ran out counts until reaped. */
  mayUpload(principal: Principal): Promise<boolean>;
  /** Writes the upload of bytes that are already safe; the lease is looked at once more. */
  recordUpload(
    principal: Principal,
    nar: UploadedNar,
  ): Promise<Result<'recorded' | 'repeated', UploadRefusal>>;
  /** Decides and writes in one transaction; the references stay offered until it is committed. */
  offer(offer: Offer): Promise<Result<'offer' | 'known', OfferRefusal>>;
  /** What is offered under a hash part; null when nothing is. */
  lookup(slug: string, hashPart: string): Promise<OfferedPath | null>;
  /** The size of a file of an offered path; null when nothing offered has it. */
  fileSize(slug: string, fileKey: string): Promise<number | null>;
}
