/**
 * May this path be offered? Only bytes that were hashed here, only with every reference offered,
 * and never other bytes under a path that clients may already hold.
 */
import { err, ok, type Result } from '#std/result.js';
import type { NarDigest } from './offered-path.js';

export interface Offer extends NarDigest {
  readonly slug: string;
  readonly path: string;
  readonly references: readonly string[];
  readonly deriver: string | null;
  readonly ca: string | null;
  /** Those that it brings (`NAME:BASE64`), beside what the farm signs. */
  readonly signatures: readonly string[];
}

export interface OfferFacts {
  /** What is offered under this path now. */
  readonly offered: NarDigest | null;
  /** What was uploaded under this path by the one who offers. */
  readonly uploaded: NarDigest | null;
  /** Those of the offer's references that are offered. */
  readonly present: ReadonlySet<string>;
}

export type OfferRefusal =
  | { readonly kind: 'not-uploaded' }
  | { readonly kind: 'other-bytes-uploaded'; readonly uploaded: NarDigest }
  | { readonly kind: 'other-bytes-offered'; readonly offered: NarDigest }
  | { readonly kind: 'references-missing'; readonly missing: readonly string[] };

/** `known`: it is offered with these very bytes, and nothing is to be written. */
export function decideOffer(
  offer: Offer,
  facts: OfferFacts,
): Result<'offer' | 'known', OfferRefusal> {
  const { offered, uploaded } = facts;
  if (offered) {
    return sameNar(offered, offer) ? ok('known') : err({ kind: 'other-bytes-offered', offered });
  }
  if (!uploaded) return err({ kind: 'not-uploaded' });
  if (!sameNar(uploaded, offer)) return err({ kind: 'other-bytes-uploaded', uploaded });
  const missing = missingReferences(offer, facts.present);
  return missing.length > 0 ? err({ kind: 'references-missing', missing }) : ok('offer');
}

/** References that are neither offered nor the path itself, ascending. */
export function missingReferences(
  offer: Pick<Offer, 'path' | 'references'>,
  present: ReadonlySet<string>,
): string[] {
  const wanted = new Set(offer.references);
  return [...wanted].filter((name) => name !== offer.path && !present.has(name)).sort();
}

function sameNar(a: NarDigest, b: NarDigest): boolean {
  return a.narHash === b.narHash && a.narSize === b.narSize;
}
