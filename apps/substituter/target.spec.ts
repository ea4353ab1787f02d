import { describe, expect, it } from '@jest/globals';
import { readTarget } from './target.js';

const hashPart = 'a'.repeat(32);
const basename = `${hashPart}-hello+1.0`;
const file = `${'0'.repeat(52)}.nar.zst`;

describe('an address', () => {
  it('belongs to a store by its slug, and to nix at the root', () => {
    expect(readTarget('/')).toEqual({ kind: 'welcome' });
    expect(readTarget(`/${hashPart}.narinfo`)).toEqual({ kind: 'narinfo', slug: 'nix', hashPart });
    expect(readTarget(`/guix/${hashPart}.narinfo?x`)).toEqual({
      kind: 'narinfo',
      slug: 'guix',
      hashPart,
    });
    expect(readTarget(`/nar/${file}`)).toEqual({ kind: 'nar', slug: 'nix', file });
    expect(readTarget(`/local/nar/${file}`)).toEqual({ kind: 'nar', slug: 'local', file });
    expect(readTarget('/guix/signing-key.pub')).toEqual({ kind: 'public-key', slug: 'guix' });
    expect(readTarget('/signing-key.pub')).toEqual({ kind: 'public-key', slug: 'nix' });
    expect(readTarget('/local/nix-cache-info')).toEqual({ kind: 'cache-info', slug: 'local' });
  });

  it('of an upload may escape what a store path allows', () => {
    const path = `${hashPart}-a?b=c+d`;
    expect(readTarget(`/nix/uploads/${encodeURIComponent(path)}`)).toEqual({
      kind: 'upload',
      slug: 'nix',
      path,
    });
  });

  it('of derivations names a pack or a derivation', () => {
    const hash = '0f'.repeat(32);
    expect(readTarget(`/nix/derivations/packs/${hash}`)).toEqual({
      kind: 'pack',
      slug: 'nix',
      hash,
    });
    const path = `${basename}.drv`;
    expect(readTarget(`/nix/derivations/${path}`)).toEqual({
      kind: 'derivation',
      slug: 'nix',
      path,
    });
    expect(readTarget(`/log/${path}`)).toEqual({ kind: 'log', slug: 'nix', derivation: path });
  });

  it('that writes is never at the root', () => {
    for (const url of ['/paths', `/uploads/${basename}`, `/derivations/packs/${'0'.repeat(64)}`]) {
      expect(readTarget(url).kind).toBe('elsewhere');
    }
  });

  it('with names that cannot be parsed leads nowhere', () => {
    for (const url of [
      '/nix/nar/../x.nar',
      `/nix/nar/${'0'.repeat(64)}.pack.zst`,
      `/nix/${'e'.repeat(32)}.narinfo`,
      `/nix/${hashPart}x.narinfo`,
      '/nix/log/x.drv',
      '/nix/log/..%2fx',
      '/nix/derivations/packs/xyz',
      '/NIX/nix-cache-info',
      '//nix-cache-info',
      '/nix/',
      '',
    ]) {
      expect([url, readTarget(url).kind]).toEqual([url, 'elsewhere']);
    }
    expect(readTarget('/nix/uploads/%2e%2e%2fx')).toEqual({ kind: 'bad-name', name: '../x' });
    expect(readTarget('/nix/uploads/%').kind).toBe('bad-name');
  });
});
