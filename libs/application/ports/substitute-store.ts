/**
 * The truth about uploads and offered paths. A path is offered from the moment that its row is
 * committed: nothing else makes its narinfo visible.
 */
import type { Result } from '#std/result.js';
import type { AttemptId, Fence, TokenId } from '#domain/ids.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import type { Offer, OfferRefusal } from '#domain/substitute/offer.js';
import type { OfferedPath, UploadedNar } from '#domain/substitute/offered-path.js';

/**
 * Who uploads: a trusted service of the farm, the holder of an attempt's lease, or the holder of a
 * token that may write to the store.
 */
export type Principal =
  | { readonly kind: 'service' }
  | { readonly kind: 'attempt'; readonly attempt: AttemptId; readonly fence: Fence }
  | { readonly kind: 'token'; readonly token: TokenId };

/** `token-ended`: revoked or run out meanwhile. */
export type UploadRefusal =
  | { readonly kind: 'unknown-store' }
  | { readonly kind: 'lease-lapsed' }
  | { readonly kind: 'token-ended' };

/** Where an upload is found again by the one who offers it. */
export interface UploadKey {
  readonly principal: Extract<Principal, { kind: 'service' | 'token' }>;
  /** The path's base name; of a pushed nar, the name of its file. */
  readonly name: string;
}

/** Every method throws FarmFault `database-unavailable`. */
export interface SubstituteStore {
  /** The directory of a store, by its slug; null when the farm has no such store. */
  directory(slug: string): Promise<string | null>;
  /**
   * Whether the attempt's lease is there with this fence (one that ran out counts until reaped), or
   * the token still good for writing.
   */
  mayUpload(principal: Principal): Promise<boolean>;
  /** Writes the upload of bytes that are already safe; the lease is looked at once more. */
  recordUpload(
    principal: Principal,
    nar: UploadedNar,
  ): Promise<Result<'recorded' | 'repeated', UploadRefusal>>;
  /**
   * Decides and writes in one transaction; the references stay offered until it is committed. Other
   * bytes than the offered ones are noted as such.
   */
  offer(
    offer: Offer,
    upload: UploadKey,
  ): Promise<Result<'offer' | 'known', OfferRefusal | UploadRefusal>>;
  /** The file of a nar that was pushed under this name, or is offered under it; null: neither. */
  pushedFile(
    slug: string,
    key: UploadKey,
  ): Promise<{ readonly fileKey: FileKey; readonly fileSize: number } | null>;
  /** What is offered under a hash part; null when nothing is. */
  lookup(slug: string, hashPart: string): Promise<OfferedPath | null>;
}
