/** The signing keys of a running substituter: of two worlds, published, and changed under it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseGuixPublicKey, verifyGuix } from '#formats/guix-signature.js';
import { parseNarinfo } from '#formats/narinfo.js';
import { formatNixSecretKey, generateNixKey, parseNixPublicKey } from '#formats/nix-signature.js';
import { verifyNix } from '#formats/nix-signature.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { StoreKeys } from '../../apps/substituter/keys/store-keys.js';
import { sampleNar, startTestSubstituter, type TestSubstituter } from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
}, 60_000);

afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

async function textAt(path: string): Promise<string> {
  const answer = await fetch(farm.address + path);
  return answer.ok ? answer.text() : `answered ${answer.status}`;
}

async function publish(slug: string, letter: string): Promise<string> {
  const { path, nar, narHash } = sampleNar(letter);
  const pieces = (async function* () {
    yield nar;
  })();
  await farm.service.putNar({ slug, path, nar: pieces });
  await farm.service.offer(slug, { path, narHash, narSize: nar.length, references: [path] });
  return `/${slug}/${letter.repeat(32)}.narinfo`;
}

/** The names of the keys among the published ones whose signatures are good. */
async function goodNames(address: string): Promise<string[]> {
  const narinfo = parseNarinfo(await textAt(address));
  if (!narinfo.ok) throw new Error(JSON.stringify(narinfo.error));
  const keys = (await textAt('/nix/signing-key.pub')).trim().split('\n');
  return keys.flatMap((text) => {
    const key = parseNixPublicKey(text);
    return key.ok && verifyNix(key.value, narinfo.value) ? [key.value.name] : [];
  });
}

describe('the keys of the stores', () => {
  it('are told at their addresses and in files, in the words of their clients', async () => {
    const nix = await textAt('/nix/signing-key.pub');
    expect(nix).toBe(`${farm.publicKey}\n`);
    expect(await textAt('/signing-key.pub')).toBe(nix);
    expect(await textAt('/local/signing-key.pub')).toBe(nix);
    const guix = await textAt('/guix/signing-key.pub');
    expect(parseGuixPublicKey(guix).ok).toBe(true);
    expect(await textAt('/nowhere/signing-key.pub')).toBe('answered 404');
    const file = (slug: string): Promise<string> =>
      readFile(join(farm.data, 'public-keys', `${slug}.pub`), 'utf8');
    expect([await file('nix'), await file('guix')]).toEqual([nix, guix]);
  });

  it('sign what a store of Guix offers, addresses after the signature', async () => {
    const text = await textAt(await publish('guix', 'a'));
    const key = parseGuixPublicKey(await textAt('/guix/signing-key.pub'));
    expect(key.ok && verifyGuix(text, [key.value]).ok).toBe(true);
    const keys = text.match(/^[A-Za-z]+(?=:)/gm);
    expect(keys).toEqual([
      ...['StorePath', 'NarHash', 'NarSize', 'References', 'Signature'],
      ...['URL', 'Compression', 'FileSize'],
    ]);
  });

  it('sign a path once, however often it is asked for', async () => {
    const addresses = await Promise.all(['c', 'd', 'f'].map((letter) => publish('guix', letter)));
    const sign = jest.spyOn(StoreKeys.prototype, 'sign');
    const asked = Array.from({ length: 60 }, (_, i) => textAt(addresses[i % 3]!));
    const texts = new Set(await Promise.all(asked));
    expect(texts.size).toBe(3);
    expect(sign).toHaveBeenCalledTimes(3);
    sign.mockRestore();
  });

  it('change under a running substituter, which forgets what the old ones signed', async () => {
    const address = await publish('nix', 'b');
    const first = farm.publicKey.split(':')[0];
    expect(await goodNames(address)).toEqual([first]);
    const folder = join(farm.data, 'secrets', 'signing-keys', 'nix');
    await mkdir(folder, { recursive: true });
    const second = formatNixSecretKey(generateNixKey('farm-2'));
    await writeFile(join(folder, 'farm-2.sec'), second, { mode: 0o600 });
    process.emit('SIGHUP');
    expect((await goodNames(address)).sort()).toEqual(['farm-2', first]);
    const trusted = await readFile(join(farm.data, 'signing-key.pub'), 'utf8');
    expect(trusted).toBe(await textAt('/nix/signing-key.pub'));
    await rm(join(farm.data, 'secrets', 'signing-key.sec'));
    process.emit('SIGHUP');
    expect(await goodNames(address)).toEqual(['farm-2']);
  });
});
