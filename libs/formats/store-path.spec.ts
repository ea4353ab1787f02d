import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, sha256 } from './hash.js';
import {
  basenameOf,
  fixedOutputPath,
  formatStorePath,
  isStoreName,
  parseBasename,
  parseStorePath,
  sourcePath,
  storeDirectoryOf,
  textPath,
} from './store-path.js';

const hashPart = '0mdqa9w1p6cmli6976v4wi0sw9r4p5pr';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('store paths', () => {
  it('are read and written alike in any store', () => {
    for (const dir of ['/nix/store', '/gnu/store', '/gambeson/store']) {
      const parsed = parseStorePath(dir, `${dir}/${hashPart}-a+b_c?d=e.f-1`);
      expect(parsed).toEqual({ ok: true, value: { dir, hashPart, name: 'a+b_c?d=e.f-1' } });
      if (!parsed.ok) continue;
      expect(formatStorePath(parsed.value)).toBe(`${dir}/${hashPart}-a+b_c?d=e.f-1`);
      expect(basenameOf(parsed.value)).toBe(`${hashPart}-a+b_c?d=e.f-1`);
    }
  });

  it('of another store, or below an item, are refused', () => {
    const kindOf = (text: string): string => {
      const parsed = parseStorePath('/nix/store', text);
      return parsed.ok ? 'accepted' : parsed.error.kind;
    };
    expect(kindOf(`/gnu/store/${hashPart}-a`)).toBe('not-in-store');
    expect(kindOf(`/nix/storeX/${hashPart}-a`)).toBe('not-in-store');
    expect(kindOf(`/nix/store/../store/${hashPart}-a`)).toBe('bad-hash-part');
    expect(kindOf(`/nix/store/${hashPart}-a/bin/sh`)).toBe('bad-name');
    expect(kindOf(`/nix/store/${hashPart}-a\n`)).toBe('bad-name');
    expect(kindOf(`/nix/store/${hashPart}`)).toBe('bad-hash-part');
    expect(kindOf(`/nix/store/${hashPart.replace('0', 'e')}-a`)).toBe('bad-hash-part');
  });

  it('have names of 1 to 211 characters that are no way up', () => {
    for (const name of ['a', '.envrc', '...', '..a', 'x'.repeat(211)]) {
      expect([name, isStoreName(name)]).toEqual([name, true]);
    }
    for (const name of ['', '.', '..', '.-a', '..-a', 'a b', 'é', 'a/b', 'a\0', 'x'.repeat(212)]) {
      expect([name, isStoreName(name)]).toEqual([name, false]);
    }
  });

  it('never crash on any text, and keep its refusal short', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const parsed = parseBasename(text);
        if (parsed.ok) expect(basenameOf(parsed.value)).toBe(text);
        else expect(parsed.error.text.length).toBeLessThanOrEqual(300);
      }),
    );
  });

  it('lie in a directory of plain parts', () => {
    const of = (dir: string): string | undefined => storeDirectoryOf(`${dir}/x`);
    for (const dir of ['/nix/store', '/gnu/store', '/home/me/.local/share/nix/root/nix/store']) {
      expect(of(dir)).toBe(dir);
    }
    const strange = [
      '',
      'nix/store',
      '/nix//store',
      '/nix/../store',
      '/.',
      '/a b',
      '/a\0',
      '/\x80',
    ];
    expect([...strange, `/${'a'.repeat(255)}`].map(of)).toEqual(Array(9).fill(undefined));
  });

  it('of text items agree with real Nix', () => {
    const item = { dir: '/nix/store', name: '.foo', contents: bytes('x'), references: [] };
    expect(textPath(item)).toBe('/nix/store/q144f75swlv405pb69crqqkdwiza7nlk-.foo');
  });

  it('do not depend on the order or repetition of references', () => {
    const [a, b] = [`/nix/store/${hashPart}-a`, `/nix/store/${hashPart}-b`];
    const at = { dir: '/nix/store', name: 'n', contents: bytes('x') };
    expect(textPath({ ...at, references: [b, a, b] })).toBe(
      textPath({ ...at, references: [a, b] }),
    );
    expect(textPath({ ...at, references: [a] })).not.toBe(textPath({ ...at, references: [b] }));
  });

  it('of recursive SHA-256 outputs are those of sources', () => {
    const digest = sha256(bytes('x'));
    const hash = { algorithm: 'sha256', digest } as const;
    const at = { dir: '/nix/store', name: 'n' };
    const source = sourcePath({ ...at, narDigest: digest });
    expect(fixedOutputPath({ ...at, hash, recursive: true })).toBe(source);
    expect(fixedOutputPath({ ...at, hash, recursive: false })).not.toBe(source);
    const sha1 = { algorithm: 'sha1', digest: fromHex('00'.repeat(20)) as Uint8Array } as const;
    expect(fixedOutputPath({ ...at, hash: sha1, recursive: true })).not.toBe(
      fixedOutputPath({ ...at, hash: sha1, recursive: false }),
    );
  });
});
