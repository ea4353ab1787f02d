/**
 * Reads the narinfo with which a client outside the farm says what it has pushed. What it says of
 * the nar is compared with what was recomputed here; each name in it must be that of a store path.
 */
import type { Offer } from '#domain/substitute/offer.js';
import { parsePushedFile, type PushedFile } from '#domain/substitute/pushed-file.js';
import { parseNarinfo, type Narinfo } from '#formats/narinfo.js';
import { hashPartLength } from '#formats/store-path.js';
import { err, ok, type Result } from '#std/result.js';

export interface PushPlace {
  readonly slug: string;
  readonly dir: string;
  readonly hashPart: string;
}

export interface Push {
  readonly offer: Offer;
  /** Whose nar it is. */
  readonly file: PushedFile;
}

/** More than any path has use for. */
const mostSignatures = 16;

/** The error is a sentence. */
export function pushOf({ slug, dir, hashPart }: PushPlace, text: string): Result<Push, string> {
  const parsed = parseNarinfo(text);
  if (!parsed.ok)
    return err(`The narinfo cannot be read: ${parsed.error.kind} ${parsed.error.key}.`);
  const narinfo = parsed.value;
  const path = narinfo.storePath.slice(narinfo.storePath.lastIndexOf('/') + 1);
  if (narinfo.storePath !== `${dir}/${path}`) {
    return err(`This store holds paths of ${dir}, not ${narinfo.storePath}.`);
  }
  if (path.slice(0, hashPartLength) !== hashPart) {
    return err(`The narinfo of ${path} does not belong to this address.`);
  }
  const file = fileOf(narinfo);
  if (!file.ok) return file;
  if (narinfo.signatures.length > mostSignatures) {
    return err(`A path may have ${mostSignatures} signatures.`);
  }
  const { narHash, narSize, references, deriver, ca, signatures } = narinfo;
  const offer: Offer = {
    ...{ slug, path, narHash, narSize, signatures },
    references: [...references].sort(),
    deriver: deriver?.endsWith('.drv') ? deriver : null,
    ca: ca ?? null,
  };
  return ok({ offer, file: file.value });
}

function fileOf(narinfo: Narinfo): Result<PushedFile, string> {
  const encoding = narinfo.encodings[0];
  const url = encoding?.url ?? '';
  const file = url.startsWith('nar/') ? parsePushedFile(url.slice('nar/'.length)) : null;
  if (!file) return err(`The URL ${url.slice(0, 200)} is not that of a nar pushed here.`);
  if (encoding?.fileHash !== undefined && encoding.fileHash !== file.fileHash) {
    return err('FileHash is not the hash in the URL.');
  }
  return ok(file);
}
