/**
 * Whether what an upstream answers may be believed: a narinfo of the path that was asked for,
 * signed by one of the upstream's keys.
 */
import { err, ok, type Result } from '#std/result.js';
import type { Offering, Upstream } from '#domain/substitute/upstream.js';
import { parseGuixPublicKey, verifyGuix, type GuixPublicKey } from '#formats/guix-signature.js';
import { parseNarinfo, type Narinfo } from '#formats/narinfo.js';
import { parseNixPublicKey, verifyNix, type NixPublicKey } from '#formats/nix-signature.js';

type Keyed = Pick<Upstream, 'dialect' | 'publicKeys' | 'dir'>;

interface TrustedKeys {
  readonly guix: readonly GuixPublicKey[];
  readonly nix: readonly NixPublicKey[];
}

/** Reading a key costs ten times as much as verifying with it. */
const read = new Map<string, TrustedKeys>();
const readAtMost = 100;

/** `path` is a base name. The error is why it is refused. */
export function readOffering(
  upstream: Keyed,
  path: string,
  text: string,
): Result<Offering, string> {
  const parsed = parseNarinfo(text);
  if (!parsed.ok) return err(`its narinfo is malformed (${parsed.error.kind} ${parsed.error.key})`);
  const narinfo = parsed.value;
  if (narinfo.storePath !== `${upstream.dir}/${path}`) {
    return err(`its narinfo is of ${narinfo.storePath}`);
  }
  if (!isSigned(upstream, narinfo, text)) return err('none of its keys has signed the narinfo');
  const { narHash, references, deriver = null, ca = null } = narinfo;
  return ok({ path, narHash, references, deriver, ca, text });
}

function isSigned(upstream: Keyed, narinfo: Narinfo, text: string): boolean {
  const keys = keysOf(upstream);
  if (upstream.dialect === 'guix') return verifyGuix(text, keys.guix).ok;
  return keys.nix.some((key) => verifyNix(key, narinfo));
}

function keysOf({ dialect, publicKeys }: Keyed): TrustedKeys {
  const name = JSON.stringify([dialect, publicKeys]);
  const known = read.get(name);
  if (known) return known;
  const guix = dialect === 'guix' ? publicKeys.map((text) => parseGuixPublicKey(text)) : [];
  const nix = dialect === 'nix' ? publicKeys.map((text) => parseNixPublicKey(text)) : [];
  const keys = {
    guix: guix.flatMap((key) => (key.ok ? key.value : [])),
    nix: nix.flatMap((key) => (key.ok ? key.value : [])),
  };
  if (read.size >= readAtMost) read.clear();
  read.set(name, keys);
  return keys;
}
