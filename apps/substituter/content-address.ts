/**
 * Content addresses as Nix writes them in a narinfo: `text:sha256:H` and `fixed:r:sha256:H`.
 * Clients take a path with a right one without any signature, so a wrong one is not passed on.
 */
import type { Offer } from '#domain/substitute/offer.js';
import { parseHash } from '#formats/hash.js';
import { fixedOutputPath, makeStorePath, parseBasename, sourcePath } from '#formats/store-path.js';

export type ContentAddressed = Pick<Offer, 'path' | 'references' | 'ca'>;

/** Whether the offer has none, or one that gives its very path. */
export function contentAddressHolds(dir: string, offer: ContentAddressed): boolean {
  if (offer.ca === null) return true;
  const parsed = parseBasename(offer.path);
  const match = /^(text|fixed):(r:)?([a-z0-9]+:[0-9a-z]+)$/.exec(offer.ca);
  const hash = match && parseHash(match[3]!);
  if (!parsed.ok || !match || !hash?.ok) return false;
  const item = { dir, name: parsed.value.name };
  const { digest, algorithm } = hash.value;
  const references = offer.references.map((name) => `${dir}/${name}`);
  if (match[1] === 'text') {
    const type = ['text', ...[...new Set(references)].sort()].join(':');
    return path(makeStorePath({ ...item, type, digest })) && algorithm === 'sha256' && !match[2];
  }
  const recursive = match[2] !== undefined;
  if (recursive && algorithm === 'sha256') {
    return path(sourcePath({ ...item, narDigest: digest, references }));
  }
  return references.length === 0 && path(fixedOutputPath({ ...item, hash: hash.value, recursive }));

  function path(computed: string): boolean {
    return computed === `${dir}/${offer.path}`;
  }
}
