/**
 * Signatures of Guix: over the SHA-256 of a narinfo's text up to the word `Signature:`, or of an
 * item of an archive; written as libgcrypt's s-expression, which names the key that made it.
 */
import { err, ok, type Result } from '#std/result.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import { minimalBytes, numberOf, signEcdsa, verifyEcdsa } from './guix-signature-ecdsa.js';
import { guixPublicKeyOf, type GuixPublicKey, type GuixSecretKey } from './guix-signature-keys.js';
import { sha256, toHex } from './hash.js';
import {
  atom,
  isAtom,
  isList,
  member,
  nameOf,
  parseSexp,
  printAdvanced,
  printAtom,
  textOfAtom,
  type Sexp,
} from './sexp.js';

export {
  formatGuixPublicKey,
  formatGuixSecretKey,
  generateGuixKey,
  GuixPublicKey,
  GuixSecretKey,
  parseGuixPublicKey,
  parseGuixSecretKey,
  type GuixKeyError,
} from './guix-signature-keys.js';

export interface GuixSignatureRefusal {
  readonly kind:
    | 'unsigned'
    | 'unsupported-version'
    | 'malformed'
    /** Something that a client acts upon stands outside of what is signed. */
    | 'not-covered'
    | 'other-text'
    | 'unknown-key'
    | 'wrong-signature';
}

const version = '1';
const signatureWord = 'Signature:';
/** Longer numbers are none of this curve. */
const longestNumber = 33;

/** The signature of a digest: the text of `(signature …)`, ending in a line feed. */
export function signDigest(key: GuixSecretKey, digest: Uint8Array): string {
  const { r, s } = signEcdsa(key.secret(), digest);
  const [head, beforeR, beforeS, tail] = layoutOf(key);
  const [hashed, ofR, ofS] = [digest, minimalBytes(r), minimalBytes(s)].map(printAtom);
  return `${head}${hashed}${beforeR}${ofR}${beforeS}${ofS}${tail}`;
}

type Layout = readonly [head: string, beforeR: string, beforeS: string, tail: string];

const layouts = new WeakMap<GuixSecretKey, Layout>();
const place = 'PLACE';

/**
 * What stands around digest and numbers in every signature of a key: printing it anew each time
 * would cost a sixth of the signature.
 */
function layoutOf(key: GuixSecretKey): Layout {
  const known = layouts.get(key);
  if (known) return known;
  const hash = [atom('hash'), atom('sha256'), atom(place)];
  const data = [atom('data'), [atom('flags'), atom('rfc6979')], hash];
  const numbers = ['r', 's'].map((name) => [atom(name), atom(place)]);
  const values = [atom('sig-val'), [atom('ecdsa'), ...numbers]];
  const text = printAdvanced([atom('signature'), data, values, key.publicKey.sexp]);
  const [head = '', beforeR = '', beforeS = '', tail = ''] = text.split(place);
  const layout: Layout = [head, beforeR, beforeS, tail];
  layouts.set(key, layout);
  return layout;
}

/** The value of a `Signature` line. `text` is the narinfo up to where the line is due. */
export function signGuix(key: GuixSecretKey, host: string, text: string): string {
  const signature = signDigest(key, sha256(atom(text)));
  return `${version};${host};${encodeBase64(atom(signature))}`;
}

/** The key that made the signature, if it is one of those and covers the digest. */
export function verifyDigest(
  signature: Uint8Array,
  digest: Uint8Array,
  trusted: readonly GuixPublicKey[],
): Result<GuixPublicKey, GuixSignatureRefusal> {
  const parsed = parseSexp(signature);
  const read = parsed.ok ? readSignature(parsed.value) : undefined;
  if (!read) return refuse('malformed');
  if (toHex(read.digest) !== toHex(digest)) return refuse('other-text');
  const key = trusted.find((candidate) => candidate.equals(read.key));
  if (!key) return refuse('unknown-key');
  return verifyEcdsa(key.point, digest, read) ? ok(key) : refuse('wrong-signature');
}

/**
 * Whether a narinfo of Guix is signed by one of the keys, and covers what clients act upon: path,
 * hash and references, as `guix substitute` asks of it.
 */
export function verifyGuix(
  text: string,
  trusted: readonly GuixPublicKey[],
): Result<GuixPublicKey, GuixSignatureRefusal> {
  const at = text.indexOf(signatureWord);
  if (at < 0) return refuse('unsigned');
  const signed = text.slice(0, at);
  const covered = ['StorePath', 'NarHash', 'References'].every((key) =>
    `\n${signed}`.includes(`\n${key}:`),
  );
  if (!covered || !`\n${signed}`.endsWith('\n')) return refuse('not-covered');
  const line = text.slice(at + signatureWord.length).split('\n', 1)[0] ?? '';
  const [told, , encoded, ...more] = line.trim().split(';');
  if (told !== version) return refuse('unsupported-version');
  const signature = more.length === 0 ? decodeBase64(encoded ?? '') : undefined;
  return signature ? verifyDigest(signature, sha256(atom(signed)), trusted) : refuse('malformed');
}

interface ReadSignature {
  readonly digest: Uint8Array;
  readonly r: bigint;
  readonly s: bigint;
  readonly key: GuixPublicKey;
}

function readSignature(sexp: Sexp): ReadSignature | undefined {
  if (nameOf(sexp) !== 'signature') return undefined;
  const hash = member(member(sexp, 'data'), 'hash');
  const numbers = member(member(sexp, 'sig-val'), 'ecdsa');
  const [r, s] = [numberIn(numbers, 'r'), numberIn(numbers, 's')];
  const stated = member(sexp, 'public-key');
  const key = stated && guixPublicKeyOf(stated);
  const digest = hash?.[2];
  if (textOfAtom(hash?.[1]) !== 'sha256' || !isAtom(digest) || !key?.ok) return undefined;
  return r === undefined || s === undefined ? undefined : { digest, r, s, key: key.value };
}

function numberIn(sexp: Sexp | undefined, name: string): bigint | undefined {
  const bytes = isList(sexp) ? member(sexp, name)?.[1] : undefined;
  return isAtom(bytes) && bytes.length <= longestNumber ? numberOf(bytes) : undefined;
}

function refuse(kind: GuixSignatureRefusal['kind']): Result<never, GuixSignatureRefusal> {
  return err({ kind });
}
