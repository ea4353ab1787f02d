/**
 * Offers a path that was pushed, once the narinfo that names its nar has come. The bytes are looked
 * for first: what is known of a file may have outlived it.
 */
import { err, type Result } from '#std/result.js';
import type { TokenId } from '#domain/ids.js';
import type { Offer } from '#domain/substitute/offer.js';
import { offerPath, type OfferParts, type PathRefusal } from './offer-path.js';
import type { NarStore } from './ports/nar-store.js';
import type { SubstituteStore } from './ports/substitute-store.js';

export interface PushPathParts extends OfferParts {
  readonly substitutes: Pick<SubstituteStore, 'directory' | 'offer' | 'pushedFile'>;
  readonly nars: Pick<NarStore, 'size'>;
}

export interface NamedPush {
  readonly offer: Offer;
  readonly token: TokenId;
  /** The name under which its nar was pushed. */
  readonly name: string;
}

export async function pushPath(
  parts: PushPathParts,
  { offer, token, name }: NamedPush,
): Promise<Result<'offer' | 'known', PathRefusal>> {
  const key = { principal: { kind: 'token', token }, name } as const;
  if (!(await isPushed(parts, offer.slug, key))) return err({ kind: 'not-uploaded' });
  return offerPath(parts, offer, key);
}

/** Whether the nar need not be sent again. */
export async function isPushed(
  { substitutes, nars }: Pick<PushPathParts, 'substitutes' | 'nars'>,
  slug: string,
  key: Parameters<SubstituteStore['pushedFile']>[1],
): Promise<boolean> {
  const file = await substitutes.pushedFile(slug, key);
  return file !== null && (await nars.size(file.fileKey)) === file.fileSize;
}
