import { describe, expect, it } from '@jest/globals';
import { addressOfStore, useOfStore, type PublicKey, type UsedStore } from './client-lines.js';

const base = 'https://farm.example.org:8443';
const nix: UsedStore = { slug: 'nix', dir: '/nix/store', kind: 'farm', host: null };
const guix: UsedStore = { slug: 'guix', dir: '/gnu/store', kind: 'farm', host: null };
const nixKeys: PublicKey[] = ['farm-1:AAAA', 'farm-2:BBBB'].map((text) => ({
  text: `${text}\n`,
  fingerprint: 'f'.repeat(64),
}));
const guixKey: PublicKey = {
  text: '(public-key \n (ecc \n  (curve Ed25519)\n  (q "a\\"b#")\n  )\n )\n',
  fingerprint: '0'.repeat(64),
};

function linesOf(store: UsedStore, keys: readonly PublicKey[]): string {
  return useOfStore(store, base, keys)
    .lines.map(({ text }) => text)
    .join('\n');
}

describe('the address of a store', () => {
  it('is the root for the store nix, a prefix for others, and a host where it has one', () => {
    expect(addressOfStore(nix, base)).toBe(base);
    expect(addressOfStore(guix, base)).toBe(`${base}/guix`);
    expect(addressOfStore({ ...guix, host: 'guix.example.org' }, `${base}/deep`)).toBe(
      'https://guix.example.org',
    );
  });
});

describe('the lines for clients', () => {
  it('of Nix trust all keys of a rotation at once', () => {
    expect(linesOf(nix, nixKeys)).toContain(
      `extra-substituters = ${base}\nextra-trusted-public-keys = farm-1:AAAA farm-2:BBBB`,
    );
    expect(linesOf(nix, nixKeys)).not.toContain('guix');
  });

  it('of Guix bear the key itself, and keep the servers that Guix asks anyway', () => {
    const lines = linesOf(guix, [guixKey]);
    expect(lines).toContain(`guix archive --authorize <<'KEY'\n(public-key `);
    expect(lines).toContain(
      `--substitute-urls='${base}/guix https://ci.guix.gnu.org https://bordeaux.guix.gnu.org'`,
    );
    expect(lines).toContain('(plain-file "farm.pub" "(public-key \n (ecc');
    expect(lines).toContain('(q \\"a\\\\\\"b#\\")');
    expect(lines).not.toContain('nix.conf');
  });

  it('of a store without a key say nothing that a client would refuse', () => {
    expect(linesOf(nix, [])).toBe('');
    expect(linesOf(guix, [])).not.toContain('authorize');
  });

  it('of a store that people push to say how, with a token', () => {
    const lines = linesOf({ ...nix, slug: 'ours', kind: 'pushed' }, nixKeys);
    expect(lines).toContain('machine farm.example.org\n');
    expect(lines).toContain(`nix copy --to '${base}/ours?compression=zstd' --netrc-file`);
  });

  it("of the local backend's store are none: the workers alone read it", () => {
    const local: UsedStore = { ...nix, slug: 'local', dir: '/gambeson/store' };
    expect(useOfStore(local, base, nixKeys).lines).toEqual([]);
  });
});
