import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decodeBase64, encodeBase64 } from './base64.js';
import {
  formatGuixPublicKey,
  formatGuixSecretKey,
  generateGuixKey,
  parseGuixPublicKey,
  parseGuixSecretKey,
  signDigest,
  signGuix,
  verifyDigest,
  verifyGuix,
  type GuixSecretKey,
} from './guix-signature.js';
import { formatHash, sha256 } from './hash.js';
import { decodeNar, encodeNar } from './nar.js';
import { parseNarinfo, printGuixNarinfo, type Narinfo } from './narinfo.js';
import { basenameOf, parseStorePath } from './store-path.js';

const folder = new URL('../../test/fixtures/formats/guix/', import.meta.url);
const textOf = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const names = readdirSync(folder).filter((name) => name.endsWith('.narinfo'));
const keyText = textOf('signing-key.sec');
const host = 'farm.example.org';

function must<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.value;
}

const key = must(parseGuixSecretKey(keyText));

/** Signed anew, in one of the layouts. */
function signedAnew(narinfo: Narinfo, urls: 'before-signature' | 'after-signature'): string {
  const { guixSignature: _, ...unsigned } = narinfo;
  const bare = urls === 'before-signature' ? unsigned : { ...unsigned, encodings: [] };
  const signature = signGuix(key, host, printGuixNarinfo(bare, { urls }));
  return printGuixNarinfo({ ...unsigned, guixSignature: signature }, { urls });
}

describe('what guix publish served', () => {
  it('is signed alike, text and signature, byte for byte', () => {
    expect(names).toHaveLength(6);
    for (const name of names) {
      const narinfo = must(parseNarinfo(textOf(name)));
      expect(signedAnew(narinfo, 'before-signature')).toBe(textOf(name));
    }
  });

  it('stands verified by its key', () => {
    for (const name of names) expect(verifyGuix(textOf(name), [key.publicKey]).ok).toBe(true);
  });

  it('has nars that unpack to the tree they were made of, and to the hash that is told', () => {
    for (const name of names) {
      const narinfo = must(parseNarinfo(textOf(name)));
      const { narHash, narSize, storePath, encodings } = narinfo;
      const item = basenameOf(must(parseStorePath('/gnu/store', storePath)));
      const nars = encodings.map(({ compression, fileSize, url }) => {
        expect(url).toBe(`nar/${compression}/${item}`);
        const packed = readFileSync(new URL(`nar/${compression}-${item}`, folder));
        expect(packed.length).toBe(fileSize);
        return compression === 'gzip' ? gunzipSync(packed) : zstdDecompressSync(packed);
      });
      expect(nars).toHaveLength(2);
      for (const nar of nars) {
        expect(nar.length).toBe(narSize);
        expect(formatHash({ algorithm: 'sha256', digest: sha256(nar) })).toBe(narHash);
        expect(Buffer.compare(encodeNar(must(decodeNar(nar))), nar)).toBe(0);
      }
    }
  });
});

describe('a key of Guix', () => {
  it('prints back byte for byte, both halves', () => {
    expect(formatGuixSecretKey(key)).toBe(keyText);
    expect(formatGuixPublicKey(key.publicKey)).toBe(textOf('signing-key.pub'));
    expect(must(parseGuixPublicKey(textOf('signing-key.pub'))).equals(key.publicKey)).toBe(true);
  });

  it('that was made here can be read, and never shows its secret', () => {
    const made = generateGuixKey();
    const text = formatGuixSecretKey(made);
    const secret = /\(d #([0-9A-F]+)#\)/.exec(text)?.[1] ?? '';
    expect(must(parseGuixSecretKey(text)).publicKey.equals(made.publicKey)).toBe(true);
    expect(secret.length).toBeGreaterThan(40);
    expect(JSON.stringify(made).toUpperCase()).not.toContain(secret);
    expect(formatGuixPublicKey(made.publicKey)).not.toContain(secret);
  });

  it('may have lost the leading zeros of its secret', () => {
    const point = generateGuixKey();
    let made: GuixSecretKey = point;
    while (made.secret()[0] !== 0) made = generateGuixKey();
    const whole = formatGuixSecretKey(made);
    const short = whole.replace(/#(00)+([0-9A-F]+#\)\n {2}\)\n \)\n)$/, '#$2');
    expect(short.length).toBeLessThan(whole.length);
    const digest = sha256(Uint8Array.of(1));
    expect(signDigest(must(parseGuixSecretKey(short)), digest)).toBe(signDigest(made, digest));
  });

  it('that is none, or of another kind, is refused with its fault', () => {
    const fault = (text: string): string => {
      const read = parseGuixSecretKey(text);
      return read.ok ? 'accepted' : read.error.kind;
    };
    expect(fault(keyText)).toBe('accepted');
    expect(fault('')).toBe('empty');
    expect(fault(keyText.slice(0, -5))).toBe('unclosed');
    expect(fault(textOf('signing-key.pub'))).toBe('not-a-key');
    expect(fault(keyText.replace('ecc', 'rsa'))).toBe('unsupported-key');
    expect(fault(keyText.replace('Ed25519', 'Ed448'))).toBe('unsupported-curve');
    expect(fault(keyText.replace('8FE0', '8FE1'))).toMatch(/^bad-point$|^mismatched-halves$/);
    expect(fault(keyText.replace('(d #53', '(d #54'))).toBe('mismatched-halves');
    expect(fault(keyText.replace('(d #53', '(d #0053'))).toBe('bad-secret');
    expect(fault(keyText.replace(/\(d #[0-9A-F]+#\)/, '(d #00#)'))).toBe('bad-secret');
    expect(fault(keyText.replace(/\(d .*/, ''))).toBe('bad-secret');
  });

  it('whose point is of small order, or has more than one spelling, is refused', () => {
    const of = (q: string): string => `(public-key (ecc (curve Ed25519) (q #${q}#)))`;
    const neutral = `01${'00'.repeat(31)}`;
    const order2 = `EC${'FF'.repeat(30)}7F`;
    const order4 = '00'.repeat(32);
    const spelltTwice = `EE${'FF'.repeat(30)}7F`;
    for (const q of [neutral, order2, order4, spelltTwice, '00', '']) {
      expect([q, parseGuixPublicKey(of(q))]).toEqual([
        q,
        { ok: false, error: { kind: 'bad-point' } },
      ]);
    }
  });
});

describe('a narinfo in the layout that the farm serves', () => {
  const narinfo = must(parseNarinfo(textOf(names[0] ?? '')));
  const text = signedAnew(narinfo, 'after-signature');

  it('has its addresses outside of what is signed', () => {
    const moved = text.replace(/^URL: nar\//gm, 'URL: https://mirror.example.org/nar/');
    expect(moved).not.toBe(text);
    expect(verifyGuix(text, [key.publicKey]).ok).toBe(true);
    expect(verifyGuix(moved, [key.publicKey]).ok).toBe(true);
    expect(text.indexOf('URL:')).toBeGreaterThan(text.indexOf('Signature:'));
  });

  it('is refused when it is changed, signed by a stranger, or not signed as it should be', () => {
    const fault = (changed: string, trusted = [key.publicKey]): string => {
      const verified = verifyGuix(changed, trusted);
      return verified.ok ? 'accepted' : verified.error.kind;
    };
    const other = generateGuixKey().publicKey;
    expect(fault(text)).toBe('accepted');
    expect(fault(text, [other, key.publicKey])).toBe('accepted');
    expect(fault(text, [other])).toBe('unknown-key');
    expect(fault(text, [])).toBe('unknown-key');
    expect(fault(text.replace('NarSize: 1', 'NarSize: 2'))).toBe('other-text');
    expect(fault(text.replace('Signature: 1;', 'Signature: 2;'))).toBe('unsupported-version');
    expect(fault(text.replace(/Signature: .*\n/, ''))).toBe('unsigned');
    expect(fault(text.replace(/;[A-Za-z0-9+/=]+\n/, ';AAAA\n'))).toBe('malformed');
    expect(fault(text.replace(/(Signature: .*)\n/, '$1;more\n'))).toBe('malformed');
    const late = text.replace(/^(References: .*\n)([^]*?)(Signature: .*\n)/m, '$2$3$1');
    expect(late.indexOf('References:')).toBeGreaterThan(late.indexOf('Signature:'));
    expect(fault(late)).toBe('not-covered');
    expect(fault(replaced(text, /\(r #(.)/, '(r #0$1'))).toBe('malformed');
    expect(fault(replaced(text, /\(s #..../, '(s #0101'))).toBe('wrong-signature');
  });
});

/** The narinfo with its signature's s-expression changed. */
function replaced(text: string, what: RegExp, by: string): string {
  return text.replace(/;([A-Za-z0-9+/=]+)\n/, (_, encoded: string) => {
    const sexp = Buffer.from(decodeBase64(encoded) ?? []).toString('latin1');
    return `;${encodeBase64(Buffer.from(sexp.replace(what, by), 'latin1'))}\n`;
  });
}

describe('a signature', () => {
  it('is the same each time, verifies, and holds for its digest and key alone', () => {
    const digest = sha256(Uint8Array.of(7));
    const text = signDigest(key, digest);
    expect(signDigest(key, digest)).toBe(text);
    const bytes = new TextEncoder().encode(text);
    expect(verifyDigest(bytes, digest, [key.publicKey]).ok).toBe(true);
    expect(verifyDigest(bytes, sha256(Uint8Array.of(8)), [key.publicKey]).ok).toBe(false);
  });

  it('of numbers outside of the group is refused', () => {
    const digest = sha256(Uint8Array.of(7));
    const order = '1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED';
    for (const number of ['00', order, 'FF'.repeat(32), '01'.repeat(40)]) {
      const text = signDigest(key, digest).replace(/\(r #[0-9A-F]+#\)/, `(r #${number}#)`);
      expect(verifyDigest(new TextEncoder().encode(text), digest, [key.publicKey]).ok).toBe(false);
    }
  });
});
