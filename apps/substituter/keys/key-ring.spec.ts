import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  formatGuixSecretKey,
  generateGuixKey,
  parseGuixPublicKey,
  verifyGuix,
} from '#formats/guix-signature.js';
import { printGuixNarinfo, printNixNarinfo, type Narinfo } from '#formats/narinfo.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  parseNixPublicKey,
  verifyNix,
  type NixSecretKey,
} from '#formats/nix-signature.js';
import { KeyRing, type SigningStore } from './key-ring.js';
import { publishKeys } from './public-files.js';

const nix: SigningStore = { slug: 'nix', dir: '/nix/store', kind: 'farm', host: null };
const local: SigningStore = { slug: 'local', dir: '/gambeson/store', kind: 'farm', host: null };
const guix: SigningStore = { slug: 'guix', dir: '/gnu/store', kind: 'farm', host: null };
const strangers: SigningStore = { ...nix, slug: 'strangers', kind: 'untrusted' };

const hash = 'k5l6ni6lzx6cvxwcr3q8n1d9n4731lrs';
const narinfoOf = (store: SigningStore): Narinfo => ({
  storePath: `${store.dir}/${hash}-top-1.0`,
  encodings: [{ url: 'nar/top', compression: 'zstd' }],
  narHash: 'sha256:1cpkns045dg5rpvcj4sjbyjm1aap39han3pkpakr9in1pd5zzwx8',
  narSize: 168,
  references: [`${hash}-top-1.0`],
  deriver: `${hash}-top-1.0.drv`,
  signatures: [],
});

let root = '';
let said: string[] = [];
let done: string[] = [];
let ring: KeyRing;

const keys = (): string => join(root, 'signing-keys');
const farmKey = (): string => join(root, 'signing-key.sec');
const openRing = (): KeyRing =>
  new KeyRing({
    directory: keys(),
    farmKeyFile: farmKey(),
    host: 'farm.example.org',
    report: (sentence) => said.push(sentence),
    remark: (sentence) => done.push(sentence),
  });

let clock = 1_000_000;

/** Writes a key file that is newer than those before. */
function put(slug: string, name: string, text: string): string {
  const path = join(keys(), slug, `${name}.sec`);
  fs.mkdirSync(join(keys(), slug), { recursive: true });
  fs.writeFileSync(path, text);
  fs.chmodSync(path, 0o600);
  clock += 10;
  fs.utimesSync(path, clock, clock);
  return path;
}

const putNix = (slug: string, key: NixSecretKey): string =>
  put(slug, key.name, formatNixSecretKey(key));

/** The names of the keys whose signatures stand in the narinfo and are good. */
function goodNames(store: SigningStore): string[] {
  const narinfo = { ...narinfoOf(store), ...ring.sign(store, narinfoOf(store)) };
  return ring.publicKeys(store).flatMap((text) => {
    const key = parseNixPublicKey(text);
    return key.ok && verifyNix(key.value, narinfo) ? [key.value.name] : [];
  });
}

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'gambeson-keys-'));
  said = [];
  done = [];
  ring = openRing();
});

afterEach(() => fs.rmSync(root, { recursive: true }));

describe('a store of the farm that speaks Nix', () => {
  it('signs with the farm’s first key, which is made once and lies closed', () => {
    const [name] = goodNames(nix);
    expect(name).toMatch(/^gambeson-[0-9a-f]{8}-1$/);
    expect(fs.statSync(farmKey()).mode & 0o777).toBe(0o600);
    expect(goodNames(local)).toEqual([name]);
    ring = openRing();
    expect(goodNames(local)).toEqual([name]);
    expect(done).toEqual([`made a signing key, ${farmKey()}`]);
    expect(said).toEqual([]);
  });

  it('has the signatures of both keys during a rotation, and of the new one after it', () => {
    putNix('nix', generateNixKey('farm-1'));
    expect(goodNames(nix)).toEqual(['farm-1']);
    const changed: string[] = [];
    ring.onChange((slug) => changed.push(slug));
    putNix('nix', generateNixKey('farm-2'));
    expect(goodNames(nix)).toEqual(['farm-1']);
    ring.reload();
    expect(goodNames(nix)).toEqual(['farm-2', 'farm-1']);
    expect(goodNames(local)).toEqual(['farm-2', 'farm-1']);
    fs.rmSync(join(keys(), 'nix', 'farm-1.sec'));
    ring.reload();
    expect(goodNames(nix)).toEqual(['farm-2']);
    expect(changed).toEqual(['nix', 'nix', 'local']);
    ring.reload();
    expect(changed).toHaveLength(3);
  });

  it('keeps the key of its old place among those that sign', () => {
    const old = generateNixKey('old-1');
    fs.writeFileSync(farmKey(), `${formatNixSecretKey(old)}\n`, { mode: 0o600 });
    putNix('nix', generateNixKey('farm-1'));
    expect(goodNames(nix).sort()).toEqual(['farm-1', 'old-1']);
  });
});

describe('a store of what nobody vouches for', () => {
  it('never has the farm’s key', () => {
    const own = goodNames(strangers);
    expect(own).toHaveLength(1);
    expect(own).not.toEqual(goodNames(nix));
    expect(openRing().publicKeys(strangers)).toEqual(ring.publicKeys(strangers));
  });
});

describe('a store of Guix', () => {
  const signedBy = (publicKey: string): boolean => {
    const key = parseGuixPublicKey(publicKey);
    const narinfo = { ...narinfoOf(guix), ...ring.sign(guix, narinfoOf(guix)) };
    const text = printGuixNarinfo(narinfo, { urls: 'after-signature' });
    return key.ok && verifyGuix(text, [key.value]).ok;
  };

  it('gets a key made, in the dialect of its clients', () => {
    const [key = '', ...more] = ring.publicKeys(guix);
    expect(key).toMatch(/^\(public-key/);
    expect(more).toEqual([]);
    expect(signedBy(key)).toBe(true);
    expect(ring.sign(guix, narinfoOf(guix)).guixSignature).toMatch(/^1;farm\.example\.org;/);
    const hosted = { ...guix, host: 'guix.example.org' };
    expect(ring.sign(hosted, narinfoOf(guix)).guixSignature).toMatch(/^1;guix\.example\.org;/);
  });

  it('has one signature: of the newest key, or of the one that is named', () => {
    put('guix', 'first', formatGuixSecretKey(generateGuixKey()));
    const [first = ''] = ring.publicKeys(guix);
    put('guix', 'second', formatGuixSecretKey(generateGuixKey()));
    ring.reload();
    const [second = ''] = ring.publicKeys(guix);
    expect(second).not.toBe(first);
    expect([signedBy(first), signedBy(second)]).toEqual([false, true]);
    fs.writeFileSync(join(keys(), 'guix', 'primary'), 'first\n');
    ring.reload();
    expect(ring.publicKeys(guix)).toEqual([first]);
    expect([signedBy(first), signedBy(second)]).toEqual([true, false]);
  });
});

describe('a key that cannot be used', () => {
  it('is told with its file, line and reason, and nothing of its text', () => {
    put('nix', 'farm-1', 'farm-1:c2VjcmV0\n');
    expect(() => goodNames(nix)).toThrow(
      /nix\/farm-1\.sec, line 1: what follows the colon is not base 64 of the 64 bytes/,
    );
    put('guix', 'guix-1', formatGuixSecretKey(generateGuixKey()).replace('(d #', '(d #5'));
    expect(() => ring.publicKeys(guix)).toThrow(/guix\/guix-1\.sec, line 5: digits between/);
  });

  it('is refused when others may read it, or when it is of the other world', () => {
    fs.chmodSync(putNix('nix', generateNixKey('farm-1')), 0o640);
    expect(() => goodNames(nix)).toThrow(/others may read .*chmod 600/);
    put('guix', 'farm-1', formatNixSecretKey(generateNixKey('farm-1')));
    expect(() => ring.publicKeys(guix)).toThrow(/the store guix speaks guix/);
  });

  it('that comes while the farm runs leaves those before in use, said once', () => {
    putNix('nix', generateNixKey('farm-1'));
    expect(goodNames(nix)).toEqual(['farm-1']);
    put('nix', 'farm-2', 'nonsense\n');
    ring.reload();
    ring.reload();
    expect(goodNames(nix)).toEqual(['farm-1']);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('farm-2.sec, line 1');
    putNix('nix', generateNixKey('farm-2'));
    ring.reload();
    expect(goodNames(nix)).toEqual(['farm-2', 'farm-1']);
  });

  it('cannot be lost by emptying the folder of a running farm', () => {
    putNix('strangers', generateNixKey('strangers-1'));
    expect(goodNames(strangers)).toEqual(['strangers-1']);
    fs.rmSync(join(keys(), 'strangers'), { recursive: true });
    ring.reload();
    expect(goodNames(strangers)).toEqual(['strangers-1']);
    expect(said[0]).toContain('the keys of the store strangers are gone');
  });
});

describe('the public halves', () => {
  it('lie open: what workers trust in one file, and a file for each store', () => {
    putNix('nix', generateNixKey('farm-1'));
    const file = join(root, 'public', 'signing-key.pub');
    publishKeys(file, ring, [guix, local, nix, strangers]);
    expect(fs.readFileSync(file, 'utf8')).toBe(`${ring.publicKeys(nix)[0]}\n`);
    expect(fs.statSync(file).mode & 0o777).toBe(0o644);
    const of = (slug: string): string =>
      fs.readFileSync(join(root, 'public', 'public-keys', `${slug}.pub`), 'utf8');
    expect(parseGuixPublicKey(of('guix')).ok).toBe(true);
    expect(of('local')).toBe(of('nix'));
    expect(of('strangers')).toBe(`${ring.publicKeys(strangers)[0]}\n`);
  });
});

describe('signing', () => {
  it('covers what a narinfo of Nix tells, and not its addresses', () => {
    const key = generateNixKey('farm-1');
    putNix('nix', key);
    const signed = { ...narinfoOf(nix), ...ring.sign(nix, narinfoOf(nix)) };
    expect(printNixNarinfo(signed)).toContain('Sig: farm-1:');
    const parsed = parseNixPublicKey(formatNixPublicKey(key.publicKey()));
    if (!parsed.ok) throw new Error('unreadable');
    expect(verifyNix(parsed.value, { ...signed, encodings: [] } as Narinfo)).toBe(true);
    expect(verifyNix(parsed.value, { ...signed, narSize: 169 })).toBe(false);
  });
});
