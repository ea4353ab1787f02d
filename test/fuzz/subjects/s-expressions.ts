/** S-expressions of strangers: keys, signatures and signed narinfos of Guix. */
import { isDeepStrictEqual } from 'node:util';
import {
  formatGuixPublicKey,
  formatGuixSecretKey,
  generateGuixKey,
  parseGuixPublicKey,
  parseGuixSecretKey,
  signDigest,
  verifyDigest,
  verifyGuix,
} from '#formats/guix-signature.js';
import { sha256 } from '#formats/hash.js';
import { parseSexp, printAdvanced, printCanonical, type Sexp } from '#formats/sexp.js';
import { parseSigningKey } from '#formats/signing-key.js';
import { fixtureFiles } from '../samples.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const words = wordsOf(
  ...['(', ')', '#', '"', '|', ':', '3:abc', '0:', '00:', '1:', '99999999999999999999:', '\\x00'],
  ...['(public-key (ecc (curve Ed25519) (q #', '(signature (data (flags rfc6979) (hash sha256 #'],
  ...['(sig-val (ecdsa (r #', '(s #', '\\377', '\\8', '[hint]', '{Zm9v}', 'ff', '\t', '\\\n'],
);
const key = generateGuixKey();
const digest = sha256(Buffer.from('what is signed'));
const signature = signDigest(key, digest);

export const sexps: Subject = {
  name: 's-expression',
  samples: () => [
    ...fixtureFiles('guix', /^signing-key/),
    ...wordsOf(signature, formatGuixSecretKey(key), formatGuixPublicKey(key.publicKey)),
    printCanonical(parsed(signature)),
  ],
  words,
  take(bytes) {
    const read = parseSexp(bytes);
    if (!read.ok) return 'refused';
    const canonical = printCanonical(read.value);
    const same = (again: Uint8Array): boolean => {
      const reread = parseSexp(again);
      return reread.ok && isDeepStrictEqual(reread.value, read.value);
    };
    demand(same(canonical), 'the canonical form reads back');
    const [advanced = canonical] = wordsOf(printAdvanced(read.value));
    demand(same(advanced), 'the advanced form reads back');
    return 'accepted';
  },
};

/** Whatever is read as a key or verifies is what it was: nothing else is ever signed by us. */
export const guixKeys: Subject = {
  name: 'guix-key',
  samples: () => [...fixtureFiles('guix', /^signing-key/), ...wordsOf(signature)],
  words,
  take(bytes) {
    const text = Buffer.from(bytes).toString('latin1');
    const secret = parseGuixSecretKey(text);
    const open = parseGuixPublicKey(text);
    const verified = verifyDigest(bytes, digest, [key.publicKey]);
    if (secret.ok) {
      const again = parseGuixSecretKey(formatGuixSecretKey(secret.value));
      demand(again.ok, 'a secret key that was read can be written');
    }
    const file = parseSigningKey(text);
    if (!file.ok) {
      demand(file.error.line <= text.split('\n').length, 'the line at fault is one of the file');
      demand(file.error.reason.length < 200, 'the reason is a sentence, and none of the text');
    }
    if (open.ok) demand(parseGuixPublicKey(formatGuixPublicKey(open.value)).ok, 'and a public one');
    return secret.ok || open.ok || verified.ok ? 'accepted' : 'refused';
  },
};

const [publicKeyFile] = fixtureFiles('guix', /^signing-key\.pub$/);
const farmKey = parseGuixPublicKey(Buffer.from(publicKeyFile!).toString('latin1'));
const signed = fixtureFiles('guix', /\.narinfo$/);
const signedTexts = new Set(
  signed.map((bytes) => signedPart(Buffer.from(bytes).toString('latin1'))),
);

export const signedNarinfos: Subject = {
  name: 'signed-narinfo',
  samples: () => signed,
  words: [...words, ...wordsOf('Signature: 1;', ';', '\nNarHash: ', '\nReferences: ', 'Sig: ')],
  take(bytes) {
    const text = Buffer.from(bytes).toString('latin1');
    demand(farmKey.ok, 'the fixtures have a key');
    if (!verifyGuix(text, [farmKey.value]).ok) return 'refused';
    demand(signedTexts.has(signedPart(text)), 'only what the key signed verifies');
    return 'accepted';
  },
};

function signedPart(text: string): string {
  return text.slice(0, Math.max(0, text.indexOf('Signature:')));
}

function parsed(text: string): Sexp {
  const read = parseSexp(Buffer.from(text, 'latin1'));
  demand(read.ok, 'a signature of ours can be read');
  return read.value;
}
