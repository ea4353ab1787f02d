import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeNix32, encodeNix32, isNix32 } from './base32.js';

const anyBytes = fc.uint8Array({ maxLength: 80 });

describe('nix32', () => {
  it('gives the spelling of real Nix for the hash of nothing', () => {
    const empty = Buffer.from(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'hex',
    );
    expect(encodeNix32(empty)).toBe('0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73');
  });

  it('gives back any bytes, and spells them in its alphabet', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = encodeNix32(bytes);
        expect(isNix32(text)).toBe(true);
        expect(decodeNix32(text)).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  it('accepts only the spelling that encoding would give', () => {
    const characters = fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzA-');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 60 }), (text) => {
        const decoded = decodeNix32(text);
        if (decoded.ok) expect(encodeNix32(decoded.value)).toBe(text);
      }),
    );
  });

  it('refuses the letters e, o, t and u with their place', () => {
    for (const letter of 'eotuA') {
      expect(decodeNix32(`0${letter}`)).toEqual({
        ok: false,
        error: { kind: 'bad-character', offset: 1 },
      });
    }
    expect(decodeNix32('0é')).toMatchObject({ error: { kind: 'bad-character' } });
  });

  it('refuses bits beyond the last byte, and lengths that no bytes have', () => {
    expect(decodeNix32('7z')).toMatchObject({ ok: true });
    expect(decodeNix32('8z')).toEqual({ ok: false, error: { kind: 'trailing-bits' } });
    expect(decodeNix32('z')).toEqual({ ok: false, error: { kind: 'bad-length', length: 1 } });
  });
});
