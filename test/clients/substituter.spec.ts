/**
 * The substituter as the real Nix client sees it: what was uploaded and offered is copied,
 * verified, listed, read and realised with the printed key, and refused with another or when it was
 * changed.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { dumpPath } from '#adapters/system/nar-disk.js';
import { formatNixPublicKey, generateNixKey } from '#formats/nix-signature.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestSubstituter, type TestSubstituter } from '../integration/substituter-harness.js';

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
  library = build "library-1.0" "echo building the library; echo shared words > $out" { };
  tool = build "tool-1.0" ''
    echo building the tool
    mkdir() { /bin/busybox mkdir "$@"; }
    mkdir -p $out/bin $doc
    echo "#!/bin/sh" > $out/bin/tool
    echo "exec cat \${library} \${source}" >> $out/bin/tool
    /bin/busybox chmod +x $out/bin/tool
    /bin/busybox ln -s tool $out/bin/alias
    echo "see $out" > $doc/manual
  '' { outputs = [ "out" "doc" ]; };
}`;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let postgres: TestPostgres;
let farm: TestSubstituter;
let work = '';
let homes = 0;
let tool = '';
let derivation = '';
let doc = '';

/** Runs a tool of Nix with a home, and so a cache of narinfos, that no other run has. */
async function nix(program: string, ...args: string[]): Promise<Ran> {
  const home = join(work, `home-${(homes += 1)}`);
  await mkdir(home);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    NIX_CONF_DIR: join(work, 'conf'),
    NIX_USER_CONF_FILES: '/dev/null',
    NIX_PATH: '',
    NIX_REMOTE: '',
  };
  return new Promise((resolve) => {
    execFile(program, args, { env, cwd: work, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
    });
  });
}

async function good(program: string, ...args: string[]): Promise<string> {
  const ran = await nix(program, ...args);
  if (ran.code !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.err}`);
  return ran.out.trim();
}

const trusting = (key: string): string[] => ['--option', 'trusted-public-keys', key];
const store = (name: string): string => join(work, name);

/** Uploads a path of the building store as a service of the farm does, and offers it. */
async function publish(path: string): Promise<void> {
  const json = await good('nix', 'path-info', '--store', store('build'), '--json', path);
  const info = (JSON.parse(json) as NixPathInfo[])[0]!;
  const nar = dumpPath(join(store('build'), path));
  const name = basename(path);
  await farm.service.putNar({ slug: 'nix', path: name, nar });
  const { narHash, narSize, deriver, ca } = info;
  await farm.service.offer('nix', {
    path: name,
    narHash,
    narSize,
    references: info.references.map((reference) => basename(reference)),
    ...(deriver && { deriver: basename(deriver) }),
    ...(ca && { ca }),
  });
}

interface NixPathInfo {
  readonly narHash: string;
  readonly narSize: number;
  readonly references: readonly string[];
  readonly deriver?: string;
  readonly ca?: string;
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'gambeson-nix-client-'));
  await mkdir(join(work, 'conf'));
  await writeFile(
    join(work, 'conf', 'nix.conf'),
    [
      'build-users-group =',
      'sandbox = true',
      'sandbox-paths = /bin/sh=/bin/busybox /bin/busybox=/bin/busybox',
      'substituters =',
      'experimental-features = nix-command',
      '',
    ].join('\n'),
  );
  await writeFile(join(work, 'release.nix'), expression);
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
  const built = ['--store', store('build'), join(work, 'release.nix'), '-A', 'tool'];
  derivation = await good('nix-instantiate', ...built);
  await good('nix-store', '--store', store('build'), '--realise', derivation);
  const query = (what: string): Promise<string> =>
    good('nix-store', '--store', store('build'), '-q', what, derivation);
  [tool = '', doc = ''] = (await query('--outputs'))
    .split('\n')
    .sort((a, b) => a.length - b.length);
  const closure = await good('nix-store', '--store', store('build'), '-qR', tool, doc);
  for (const path of closure.split('\n')) await publish(path);
}, 120_000);

afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
  await good('chmod', '-R', 'u+w', work);
  await rm(work, { recursive: true, force: true });
});

describe('the real Nix client', () => {
  const copy = (to: string, key: string, path: string): Promise<Ran> =>
    nix('nix', 'copy', '--from', farm.address, '--to', store(to), path, ...trusting(key));

  it('copies a closure into an empty store with the printed key, and verifies it', async () => {
    expect(await copy('copied', farm.publicKey, tool)).toMatchObject({ code: 0 });
    const verified = await nix(
      'nix',
      'store',
      'verify',
      '--store',
      store('copied'),
      '-r',
      tool,
      '--sigs-needed',
      '1',
      ...trusting(farm.publicKey),
    );
    expect(verified).toMatchObject({ code: 0 });
    expect(await readFile(join(store('copied'), tool, 'bin', 'alias'), 'utf8')).toContain(
      'exec cat',
    );
  });

  it('verifies at the substituter itself, and shows the closure and its signatures', async () => {
    const at = ['--store', `${farm.address}/nix`];
    const verified = await nix(
      'nix',
      'store',
      'verify',
      ...at,
      '-r',
      tool,
      doc,
      '--sigs-needed',
      '1',
      ...trusting(farm.publicKey),
    );
    expect(verified).toMatchObject({ code: 0 });
    const infos = await good('nix', 'path-info', ...at, '-r', '--sigs', '-S', '--json', tool);
    const paths = JSON.parse(infos) as { path: string; signatures: string[] }[];
    expect(paths).toHaveLength(3);
    const keyName = farm.publicKey.split(':')[0];
    for (const path of paths) expect(path.signatures[0]?.split(':')[0]).toBe(keyName);
  });

  it('lists and reads files of a path without copying it', async () => {
    const at = ['--store', farm.address];
    const listed = await good('nix', 'store', 'ls', ...at, '-lR', tool);
    expect(listed).toContain('bin/alias -> tool');
    expect(await good('nix', 'store', 'cat', ...at, `${doc}/manual`)).toBe(`see ${tool}`);
  });

  it('realises a derivation from substitutes, with building forbidden', async () => {
    const at = ['--store', store('realised')];
    const release = join(work, 'release.nix');
    const instantiated = await good('nix-instantiate', ...at, release, '-A', 'tool');
    expect(instantiated).toBe(derivation);
    const realised = await nix(
      'nix-store',
      ...at,
      '--realise',
      derivation,
      '--max-jobs',
      '0',
      '--option',
      'substituters',
      farm.address,
      ...trusting(farm.publicKey),
    );
    expect(realised).toMatchObject({ code: 0 });
    expect(realised.out.trim().split('\n').sort()).toEqual([tool, doc].sort());
  });

  it('shows the log of the last attempt', async () => {
    await writeAttempts(basename(derivation));
    const logs = new DiskLogStore(join(farm.data, 'logs'));
    await logs.append('attempt-1', 0, Buffer.from('the first attempt failed\n'));
    await logs.append('attempt-2', 0, Buffer.from('building the tool\n'));
    await logs.close();
    expect(await good('nix', 'log', '--store', farm.address, tool)).toBe('building the tool');
  });

  it('refuses what another key signed', async () => {
    const other = formatNixPublicKey(generateNixKey('gambeson-other-1').publicKey());
    const refused = await copy('refused', other, tool);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('lacks a valid signature');
    const realised = await nix(
      'nix-store',
      '--store',
      store('refused'),
      '--realise',
      tool,
      '--option',
      'substituters',
      farm.address,
      ...trusting(other),
    );
    expect(realised.code).not.toBe(0);
  });

  it('is told plainly that a path is not there', async () => {
    const unknown = '/nix/store/00000000000000000000000000000000-unknown';
    const asked = await nix('nix', 'path-info', '--store', farm.address, unknown);
    expect(asked.code).toBe(1);
    expect(asked.err).toContain('is not valid');
    expect((await copy('unknown', farm.publicKey, unknown)).code).toBe(1);
  });

  it('refuses a nar of which one byte was flipped', async () => {
    const hashPart = basename(doc).slice(0, 32);
    const narinfo = await (await fetch(`${farm.address}/${hashPart}.narinfo`)).text();
    const file = /^URL: nar\/(.*)$/m.exec(narinfo)![1]!;
    const path = join(farm.data, 'nars', 'files', file.slice(0, 2), file);
    await flipByte(path);
    const refused = await copy('flipped', farm.publicKey, doc);
    expect(refused.code).toBe(1);
    const verified = await nix(
      'nix',
      'store',
      'verify',
      '--store',
      farm.address,
      doc,
      ...trusting(farm.publicKey),
    );
    expect(verified.code).not.toBe(0);
    await flipByte(path);
    expect((await copy('flipped', farm.publicKey, doc)).code).toBe(0);
  });
});

/** A byte of the contents, in the middle: zstd stores so small a nar's text as it is. */
async function flipByte(path: string): Promise<void> {
  await chmod(path, 0o644);
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, Math.floor(size / 2));
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, Math.floor(size / 2));
  await file.close();
}

async function writeAttempts(path: string): Promise<void> {
  await farm.database.query('select ensure_evaluation_partitions(1)');
  await farm.database.query(
    `insert into derivations (id, store_id, path, name, package_name, system)
     select 1, id, $1, 'tool', 'tool', 'x86_64-linux' from stores where slug = 'nix'`,
    [path],
  );
  await farm.database.query(
    `insert into attempts (evaluation_id, id, build_id, number, worker_id, slot, status)
     values (1, 1, 1, 1, 1, 0, 'failed-other'), (1, 2, 1, 2, 1, 0, 'succeeded')`,
  );
}
