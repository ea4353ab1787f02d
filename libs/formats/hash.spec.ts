import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  createSha256,
  digestSize,
  formatHash,
  formatSri,
  fromHex,
  HashSink,
  isHashAlgorithm,
  parseHash,
  sha256,
  toHex,
  type Hash,
} from './hash.js';

const algorithms = Object.keys(digestSize).filter(isHashAlgorithm);
const anyHash: fc.Arbitrary<Hash> = fc.constantFrom(...algorithms).chain((algorithm) => {
  const size = digestSize[algorithm];
  return fc
    .uint8Array({ minLength: size, maxLength: size })
    .map((digest) => ({ algorithm, digest }));
});

describe('hashes', () => {
  it('are read from all three spellings', () => {
    fc.assert(
      fc.property(anyHash, (hash) => {
        const { algorithm, digest } = hash;
        for (const text of [formatHash(hash), formatSri(hash), `${algorithm}:${toHex(digest)}`]) {
          expect(parseHash(text)).toEqual({ ok: true, value: hash });
        }
      }),
    );
  });

  it('of another length, alphabet or algorithm are refused', () => {
    const good = formatHash({ algorithm: 'sha256', digest: sha256(new Uint8Array()) });
    for (const text of [
      good.slice(0, -1),
      `${good}0`,
      good.replace('0', 'e'),
      'sha256-AAAA',
      'sha256:',
    ]) {
      expect(parseHash(text)).toMatchObject({ ok: false, error: { kind: 'bad-digest' } });
    }
    for (const text of ['', 'sha3:00', 'toString:00', '__proto__-00', good.slice(7)]) {
      expect(parseHash(text)).toMatchObject({ ok: false, error: { kind: 'unknown-algorithm' } });
    }
  });

  it('in base 64 that encoding would not give are refused', () => {
    const sri = formatSri({ algorithm: 'sha256', digest: sha256(new Uint8Array()) });
    expect(parseHash(sri)).toMatchObject({ ok: true });
    expect(parseHash(sri.slice(0, -1))).toMatchObject({ ok: false });
    expect(parseHash(`${sri.slice(0, -2)}V=`)).toMatchObject({ ok: false });
  });

  it('grow piece by piece to the same digest, and count the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
        const sink = createSha256();
        for (const piece of pieces) sink.update(piece);
        const whole = Buffer.concat(pieces);
        expect(sink.bytesSeen).toBe(whole.length);
        expect(sink.digest()).toEqual(sha256(whole));
        expect(sink.digest()).toEqual(sha256(whole));
      }),
    );
    expect(toHex(new HashSink('md5').digest())).toBe('d41d8cd98f00b204e9800998ecf8427e');
  });

  it('refuse hexadecimal that is odd or is none', () => {
    expect(fromHex('0A')).toEqual(Uint8Array.of(10));
    expect(fromHex('0')).toBeUndefined();
    expect(fromHex('0g')).toBeUndefined();
  });
});
