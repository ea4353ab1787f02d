import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeBase64 } from './base64.js';
import {
  fingerprint,
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  parseNixPublicKey,
  parseNixSecretKey,
  publicKeyOf,
  signNix,
  verifyNix,
} from './nix-signature.js';

const item = {
  storePath: '/nix/store/q144f75swlv405pb69crqqkdwiza7nlk-tool',
  narHash: 'sha256:0p3l2z3riilylr2rxb1aq2blxdfxg55wbgp4gxkns93srbr4bwyq',
  narSize: 168,
  references: ['q144f75swlv405pb69crqqkdwiza7nlk-tool', '1ka9gw6ddkrf0b8k65q7p46xbgb9wdr8-lib'],
};

describe('the fingerprint of a store item', () => {
  it('names the references by full path, in the order of their bytes', () => {
    expect(fingerprint('/nix/store', item)).toBe(
      '1;/nix/store/q144f75swlv405pb69crqqkdwiza7nlk-tool;' +
        'sha256:0p3l2z3riilylr2rxb1aq2blxdfxg55wbgp4gxkns93srbr4bwyq;168;' +
        '/nix/store/1ka9gw6ddkrf0b8k65q7p46xbgb9wdr8-lib,' +
        '/nix/store/q144f75swlv405pb69crqqkdwiza7nlk-tool',
    );
    expect(fingerprint('/nix/store', { ...item, references: [] })).toMatch(/;168;$/);
  });
});

describe('a signature', () => {
  const secret = generateNixKey('farm.example.org-1');
  const key = publicKeyOf(secret);
  const signed = { ...item, signatures: [`other:${'A'.repeat(86)}==`, signNix(secret, item)] };

  it('is believed by the key that belongs to it', () => {
    expect(verifyNix(key, signed)).toBe(true);
    const shuffled = { ...signed, references: item.references.toReversed() };
    expect(verifyNix(key, shuffled)).toBe(true);
  });

  it('is not believed for another path, hash, size or references', () => {
    for (const change of [
      { storePath: item.storePath.replace('tool', 'fool') },
      { narHash: item.narHash.replace('0p', '0q') },
      { narSize: 169 },
      { references: [] },
      { signatures: [] },
      { signatures: [signNix(secret, item).replace('farm', 'firm')] },
      { signatures: ['farm.example.org-1:AAAA', 'farm.example.org-1:', ':'] },
    ]) {
      expect(verifyNix(key, { ...signed, ...change })).toBe(false);
    }
  });

  it('is not believed by another key of the same name', () => {
    expect(verifyNix(publicKeyOf(generateNixKey('farm.example.org-1')), signed)).toBe(false);
  });

  it('is the same each time', () => {
    expect(signNix(secret, item)).toBe(signNix(secret, item));
  });
});

describe('a key', () => {
  const secret = generateNixKey('farm-1');
  const text = formatNixSecretKey(secret);

  it('is read back from its text, with white space around it', () => {
    const again = parseNixSecretKey(`${text}\n`);
    if (!again.ok) throw new Error(again.error.kind);
    expect(signNix(again.value, item)).toBe(signNix(secret, item));
    const shown = formatNixPublicKey(publicKeyOf(secret));
    const known = parseNixPublicKey(shown);
    if (!known.ok) throw new Error(known.error.kind);
    expect(known.value.bytes()).toEqual(publicKeyOf(secret).bytes());
    expect(formatNixPublicKey(known.value)).toBe(shown);
  });

  it('does not show its secret when it is logged or made JSON', () => {
    const seed = Buffer.from(secret.seed());
    const shown = inspect(secret, { showHidden: true, depth: 9 }) + JSON.stringify(secret);
    for (const spelling of ['base64', 'base64url', 'hex'] as const) {
      expect(shown).not.toContain(seed.toString(spelling).slice(0, 40));
    }
    expect(text).toContain(seed.toString('base64').slice(0, 40));
  });

  it('of wrong length, spelling or name is refused', () => {
    const kind = (result: { ok: boolean; error?: { kind: string } }): string =>
      result.ok ? 'accepted' : (result.error?.kind ?? '');
    expect(kind(parseNixSecretKey(text.slice(0, -4)))).toBe('bad-key');
    expect(kind(parseNixSecretKey(text.slice(text.indexOf(':'))))).toBe('bad-key-name');
    expect(kind(parseNixSecretKey('no colon at all'))).toBe('bad-key-name');
    expect(kind(parseNixPublicKey(text))).toBe('bad-key');
    const other = generateNixKey('x').publicKey().bytes();
    const mixed = encodeBase64(Buffer.concat([secret.seed(), other]));
    expect(kind(parseNixSecretKey(`farm-1:${mixed}`))).toBe('mismatched-halves');
    expect(() => generateNixKey('a:b')).toThrow(TypeError);
    fc.assert(fc.property(fc.string(), (any) => !parseNixSecretKey(any).ok));
    fc.assert(fc.property(fc.string(), (any) => !parseNixPublicKey(any).ok));
  });
});
