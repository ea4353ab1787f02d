/** The small things that are read from addresses and files: names, hashes, file keys, keys. */
import { parseFileKey } from '#domain/substitute/file-key.js';
import { decodeNix32, encodeNix32, isNix32 } from '#formats/base32.js';
import { decodeBase64, encodeBase64 } from '#formats/base64.js';
import { formatHash, formatSri, parseHash } from '#formats/hash.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  parseNixPublicKey,
  parseNixSecretKey,
} from '#formats/nix-signature.js';
import { basenameOf, parseBasename } from '#formats/store-path.js';
import { contentAddressHolds } from '../../../apps/substituter/content-address.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const digest = 'sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s';
const secret = generateNixKey('farm.example.org-1');

export const names: Subject = {
  name: 'names',
  samples: () =>
    wordsOf(
      ...[`${'a'.repeat(32)}-hello-2.12`, digest, `${'0'.repeat(52)}.nar.zst`],
      ...[formatNixSecretKey(secret), formatNixPublicKey(secret.publicKey())],
      `${'f'.repeat(64)}.pack.zst`,
    ),
  words: wordsOf(
    ...['sha256:', 'sha256-', 'sha512:', 'md5:', '-', '.', '..', '.nar', '.zst', '=', '==', ':'],
    ...[
      '__proto__',
      'constructor',
      '\xe9',
      'e',
      'u',
      '.drv',
      `fixed:r:${digest}`,
      `text:${digest}`,
    ],
  ),
  take(bytes) {
    const text = Buffer.from(bytes).toString('utf8');
    const read = [name, hash, fileKey, base64, nix32, publicKey, secretKey].map((one) => one(text));
    contentAddressHolds('/nix/store', { path: `${'a'.repeat(32)}-x`, references: [], ca: text });
    return read.some(Boolean) ? 'accepted' : 'refused';
  },
};

function name(text: string): boolean {
  const parsed = parseBasename(text);
  if (!parsed.ok) return false;
  demand(basenameOf(parsed.value) === text, 'a name is itself again');
  demand(/^[0-9a-z]{32}-[0-9a-zA-Z+\-._?=]{1,211}$/.test(text), 'a name can be a file name');
  return true;
}

function hash(text: string): boolean {
  const parsed = parseHash(text);
  if (!parsed.ok) return false;
  for (const again of [formatHash(parsed.value), formatSri(parsed.value)]) {
    const same = parseHash(again);
    demand(same.ok && Buffer.compare(same.value.digest, parsed.value.digest) === 0, 'a hash stays');
  }
  return true;
}

function fileKey(text: string): boolean {
  const key = parseFileKey(text);
  demand(key === null || (key === text && !/[/\s\0]|\.\./.test(key)), 'a key can be a file name');
  return key !== null;
}

function base64(text: string): boolean {
  const bytes = decodeBase64(text);
  if (bytes) demand(encodeBase64(bytes) === text, 'one spelling for each bytes');
  return bytes !== undefined;
}

function nix32(text: string): boolean {
  const bytes = decodeNix32(text);
  if (bytes.ok)
    demand(isNix32(text) && encodeNix32(bytes.value) === text, 'one spelling of base32');
  return bytes.ok;
}

function publicKey(text: string): boolean {
  const key = parseNixPublicKey(text);
  if (key.ok) demand(formatNixPublicKey(key.value) === text.trim(), 'a public key prints back');
  return key.ok;
}

function secretKey(text: string): boolean {
  const key = parseNixSecretKey(text);
  if (key.ok) demand(formatNixSecretKey(key.value) === text.trim(), 'a secret key prints back');
  return key.ok;
}
