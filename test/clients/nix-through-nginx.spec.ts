/**
 * The real Nix client against a farm behind a real nginx with TLS: everything that it does with
 * substitutes, and everything that it must refuse.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { formatNixPublicKey, generateNixKey } from '#formats/nix-signature.js';
import { deployedNginx, startBackends, type Backends } from './nginx-farm.js';
import type { TestNginx } from './nginx-support.js';
import { startTestSubstituter } from '../integration/substituter-harness.js';
import { NixClient, type Ran } from './nix-client.js';

const expression = `
let
  build = name: script: more: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" script ];
  } // more);
  source = builtins.toFile "notes.txt" "written by hand";
in rec {
  library = build "library-1.0" "echo shared words > $out" { };
  tool = build "tool-1.0" ''
    mkdir() { /bin/busybox mkdir "$@"; }
    mkdir -p $out/bin $doc
    echo "#!/bin/sh" > $out/bin/tool
    echo "exec cat \${library} \${source}" >> $out/bin/tool
    /bin/busybox chmod +x $out/bin/tool
    /bin/busybox ln -s tool $out/bin/alias
    echo "see $out" > $doc/manual
  '' { outputs = [ "out" "doc" ]; };
}`;

let farm: Backends;
let nginx: TestNginx;
let nix: NixClient;
let address = '';
let tool = '';
let doc = '';
let derivation = '';

beforeAll(async () => {
  farm = await startBackends({ GAMBESON_ACCEL_PREFIX: '/gambeson-nars' });
  nginx = await deployedNginx(farm, 'localhost');
  address = `https://localhost:${nginx.place.https}`;
  const certificate = join(nginx.place.directory, 'tls', 'fullchain.pem');
  nix = await NixClient.open({ NIX_SSL_CERT_FILE: certificate });
  await buildAndPublish();
}, 120_000);

afterAll(async () => {
  await nginx?.stop();
  await farm?.stop();
  await nix?.remove();
});

async function buildAndPublish(): Promise<void> {
  const release = join(nix.directory, 'release.nix');
  await writeFile(release, expression);
  const at = ['--store', nix.store('build')];
  derivation = await nix.good('nix-instantiate', ...at, release, '-A', 'tool');
  await nix.good('nix-store', ...at, '--realise', derivation);
  const outputs = await nix.good('nix-store', ...at, '-q', '--outputs', derivation);
  [tool = '', doc = ''] = outputs.split('\n').sort((a, b) => a.length - b.length);
  const closure = await nix.good('nix-store', ...at, '-qR', tool, doc);
  for (const path of closure.split('\n')) await nix.publish('build', path, farm.substituter);
}

const trusting = (key = farm.substituter.publicKey): string[] => [
  '--option',
  'trusted-public-keys',
  key,
];

function copy(to: string, path: string, key?: string): Promise<Ran> {
  const stores = ['--from', address, '--to', nix.store(to)];
  return nix.run('nix', 'copy', ...stores, path, ...trusting(key));
}

function verify(...args: string[]): Promise<Ran> {
  return nix.run('nix', 'store', 'verify', '--sigs-needed', '1', ...trusting(), ...args);
}

function asAdmin() {
  const authorization = `Bearer ${farm.api.parts.adminToken}`;
  return { headers: { authorization, 'content-type': 'application/json' } };
}

/** Posts to the API, through nginx. */
async function administer(path: string, wish: object): Promise<Record<'id' | 'token', string>> {
  const asked = { method: 'POST', body: JSON.stringify(wish), ...asAdmin() };
  const { status, body } = await nginx.ask(path, asked);
  expect([status, String(body)]).toEqual([201, expect.any(String)]);
  return JSON.parse(String(body)) as Record<'id' | 'token', string>;
}

/** The file of an offered path's nar. */
async function fileOf(path: string): Promise<string> {
  const { body } = await nginx.ask(`/${basename(path).slice(0, 32)}.narinfo`);
  const name = /^URL: nar\/(.*)$/m.exec(String(body))![1]!;
  const file = join(farm.substituter.data, 'nars', 'files', name.slice(0, 2), name);
  await chmod(file, 0o644);
  return file;
}

describe('the real Nix client behind nginx and TLS', () => {
  it('copies a closure into an empty store, and verifies it', async () => {
    expect(await copy('copied', tool)).toMatchObject({ code: 0 });
    expect(await verify('--store', nix.store('copied'), '-r', tool)).toMatchObject({ code: 0 });
    const alias = join(nix.store('copied'), tool, 'bin', 'alias');
    expect(await readFile(alias, 'utf8')).toContain('exec cat');
  });

  it('realises a derivation from substitutes, with building forbidden', async () => {
    const at = ['--store', nix.store('realised')];
    const release = join(nix.directory, 'release.nix');
    await nix.good('nix-instantiate', ...at, release, '-A', 'tool');
    const from = ['--option', 'substituters', address, '--max-jobs', '0'];
    const realised = await nix.good(
      ...['nix-store', ...at, '--realise', derivation],
      ...from,
      ...trusting(),
    );
    expect(realised.split('\n').sort()).toEqual([tool, doc].sort());
  });

  it('verifies at the farm itself, and shows the closure and its signatures', async () => {
    expect(await verify('--store', address, '-r', tool, doc)).toMatchObject({ code: 0 });
    const infos = await nix.pathInfo(address, '-r', '--sigs', '-S', tool);
    expect(infos).toHaveLength(3);
    const name = farm.substituter.publicKey.split(':')[0];
    for (const { signatures } of infos) expect(signatures?.[0]?.split(':')[0]).toBe(name);
  });

  it('lists and reads files of a path without copying it', async () => {
    const listed = await nix.good('nix', 'store', 'ls', '--store', address, '-lR', tool);
    expect(listed).toContain('bin/alias -> tool');
    const manual = `${doc}/manual`;
    expect(await nix.good('nix', 'store', 'cat', '--store', address, manual)).toBe(`see ${tool}`);
  });

  it('shows the log of the last attempt', async () => {
    await writeAttempt();
    const words = Buffer.from('building the tool\n');
    await farm.api.parts.logs.append('attempt-1', 0, words);
    expect(await nix.good('nix', 'log', '--store', address, tool)).toBe('building the tool');
  });
});

describe('what the real Nix client refuses', () => {
  it('another key', async () => {
    const other = formatNixPublicKey(generateNixKey('gambeson-other-1').publicKey());
    const refused = await copy('refused', tool, other);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('valid signature')]);
    const verified = await nix.run(
      ...['nix', 'store', 'verify', '--store', address, tool, '--sigs-needed', '1'],
      ...trusting(other),
    );
    expect(verified.code).not.toBe(0);
    const at = ['--store', nix.store('refused'), '--realise', tool];
    const from = ['--option', 'substituters', address, ...trusting(other)];
    expect((await nix.run('nix-store', ...at, ...from)).code).not.toBe(0);
  });

  it('another certificate', async () => {
    const stranger = { NIX_SSL_CERT_FILE: join(nginx.place.directory, 'tls', 'admins-ca.pem') };
    const other = await NixClient.open(stranger);
    const asked = await other.run('nix', 'path-info', '--store', address, tool);
    expect([asked.code, asked.err]).toEqual([1, expect.stringMatching(/SSL|certificate/)]);
    await other.remove();
  });

  it('a path that is not there', async () => {
    const unknown = '/nix/store/00000000000000000000000000000000-unknown';
    const asked = await nix.run('nix', 'path-info', '--store', address, unknown);
    expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('is not valid')]);
  });

  it('a nar of which one byte was flipped', async () => {
    const file = await fileOf(doc);
    await flipByte(file);
    expect((await copy('flipped', doc)).code).toBe(1);
    expect((await verify('--store', address, doc)).code).not.toBe(0);
    await flipByte(file);
  });

  it('a nar that was cut', async () => {
    const file = await fileOf(doc);
    const whole = await readFile(file);
    await truncate(file, whole.length - 20);
    const refused = await copy('cut', doc);
    expect(refused.code).toBe(1);
    const there = await nix.run('nix', 'path-info', '--store', nix.store('cut'), doc);
    expect(there.code).toBe(1);
  });
});

describe('a closure that the real Nix client brings', () => {
  const slug = 'team';
  let token = '';
  let id = '';

  beforeAll(async () => {
    await administer('/api/v1/stores', { slug, dir: '/nix/store' });
    const wish = { name: 'a spec', store: slug, access: 'write' };
    ({ token, id } = await administer('/api/v1/tokens', wish));
  });

  /** The farm may be asked at another address, by a client that trusts its certificate. */
  async function push(path: string, shown: string, at = { address, client: nix }): Promise<Ran> {
    const file = join(nix.directory, `netrc-${shown.slice(-8)}`);
    await writeFile(file, `machine localhost login anybody password ${shown}\n`, { mode: 0o600 });
    const to = `${at.address}/${slug}?compression=zstd`;
    const places = ['--store', nix.store('build'), '--to', to];
    return at.client.run('nix', 'copy', ...places, '--option', 'netrc-file', file, path);
  }

  it('is taken in with a token, whole, and given out again', async () => {
    expect(await push(tool, 'gbt_nobodys')).toMatchObject({
      code: 1,
      err: expect.stringContaining('HTTP error 401'),
    });
    expect(await push(tool, token)).toMatchObject({ code: 0 });
    const infos = await nix.pathInfo(`${address}/${slug}`, '-r', tool);
    expect(infos.map(({ path }) => path)).toContain(tool);
    const key = await nginx.ask(`/${slug}/signing-key.pub`);
    const stores = ['--from', `${address}/${slug}`, '--to', nix.store('from-team')];
    const trusted = trusting(String(key.body).trim());
    expect(await nix.run('nix', 'copy', ...stores, tool, ...trusted)).toMatchObject({ code: 0 });
    const at = ['--store', nix.store('from-team'), '-r', tool, '--sigs-needed', '1'];
    expect(await nix.run('nix', 'store', 'verify', ...at, ...trusted)).toMatchObject({ code: 0 });
  });

  it('is refused while the disk of the farm is short, which goes on to serve', async () => {
    const full = await startTestSubstituter(farm.postgres, {
      ...{ GAMBESON_DATA: farm.substituter.data, GAMBESON_DISK_HARD_MB: '1000000000' },
      DATABASE_URL: farm.api.parts.settings.databaseUrl,
    });
    const other = await deployedNginx({ ...farm, substituter: full }, 'localhost');
    try {
      const certificate = join(other.place.directory, 'tls', 'fullchain.pem');
      const client = nix.with({ NIX_SSL_CERT_FILE: certificate });
      const there = `https://localhost:${other.place.https}`;
      const refused = await push(doc, token, { address: there, client });
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('507')]);
      expect(await client.pathInfo(there, tool)).toHaveLength(1);
    } finally {
      await other.stop();
      await full.close();
    }
  });

  it('is refused from the moment that its token is revoked', async () => {
    const { authorization } = asAdmin().headers;
    const revoke = { method: 'DELETE', headers: { authorization } };
    const revoked = await nginx.ask(`/api/v1/tokens/${id}`, revoke);
    expect(revoked.status).toBe(204);
    const refused = await push(doc, token);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('HTTP error 401')]);
  });
});

/** A byte of the contents, in the middle: zstd stores so small a nar's text as it is. */
async function flipByte(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, Math.floor(size / 2));
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, Math.floor(size / 2));
  await file.close();
}

async function writeAttempt(): Promise<void> {
  const { database } = farm.api.parts;
  await database.query('select ensure_evaluation_partitions(1)');
  await database.query(
    `insert into derivations (id, store_id, path, name, package_name, system)
     select 1, id, $1, 'tool', 'tool', 'x86_64-linux' from stores where slug = 'nix'`,
    [basename(derivation)],
  );
  await database.query(
    `insert into attempts (evaluation_id, id, build_id, number, worker_id, slot, status)
     values (1, 1, 1, 1, 1, 0, 'succeeded')`,
  );
}
