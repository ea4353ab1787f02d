/**
 * Archives that travel as files: ours into real Nix, those of real Nix into a store of the farm,
 * and those of Guix with the signatures that libgcrypt makes and verifies. What is not on the
 * machine is passed over, and said.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  formatGuixPublicKey,
  generateGuixKey,
  parseGuixSecretKey,
  signDigest,
  type GuixSecretKey,
} from '#formats/guix-signature.js';
import { sha256, toHex } from '#formats/hash.js';
import { parseNarinfo } from '#formats/narinfo.js';
import {
  archiveEnd,
  ExportReader,
  itemBegin,
  itemDescription,
  itemEnd,
  type ExportEvent,
} from '#formats/store-export.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { trustIn } from '../../apps/cli/doctor/trust.js';
import { exportArchive } from '../../apps/cli/store/export-archive.js';
import { importArchive } from '../../apps/cli/store/import-archive.js';
import { startTestSubstituter, type TestSubstituter } from '../integration/substituter-harness.js';

const gcryptDesk = new URL('./guile/gcrypt-desk.scm', import.meta.url).pathname;
const fixtures = new URL('../fixtures/formats/guix/', import.meta.url);
let postgres: TestPostgres;
let farm: TestSubstituter;
let work = '';
let environment: NodeJS.ProcessEnv = {};
const tokens = new Map<string, string>();

const there = (program: string, ...args: string[]): boolean => {
  const found = spawnSync(program, args).status === 0;
  if (!found) process.stderr.write(`PASSED OVER: archives with ${program}, which is missing\n`);
  return found;
};
const withNix = there('nix-store', '--version') ? describe : describe.skip;
const withGcrypt = there('guile', '--no-auto-compile', '-c', '(use-modules (gcrypt pk-crypto))')
  ? describe
  : describe.skip;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'gambeson-archives-'));
  await mkdir(join(work, 'conf'));
  await writeFile(join(work, 'conf', 'nix.conf'), 'build-users-group =\nsubstituters =\n');
  environment = { PATH: process.env['PATH'], HOME: work, NIX_CONF_DIR: join(work, 'conf') };
  environment = { ...environment, NIX_USER_CONF_FILES: '/dev/null', NIX_PATH: '', NIX_REMOTE: '' };
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
  await farm.database.query(
    `insert into stores (slug, dir, key, kind)
     values ('team-guix', '/gnu/store', 'main', 'pushed')`,
  );
  for (const slug of ['team', 'team-guix']) {
    tokens.set(slug, (await farm.token(slug)).token);
  }
}, 120_000);

afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
  execFileSync('chmod', ['-R', 'u+w', work]);
  await rm(work, { recursive: true, force: true });
});

async function* inPieces(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Pushes an archive, and gives the paths that were told. */
async function take(
  slug: string,
  archive: Uint8Array,
  keys: readonly GuixSecretKey[] = [],
): Promise<string[]> {
  const told: string[] = [];
  await importArchive(inPieces(archive), {
    address: `${farm.address}/${slug}`,
    token: tokens.get(slug)!,
    trusted: keys.map(({ publicKey }) => publicKey),
    tell: (path) => told.push(path),
  });
  return told;
}

interface Given {
  readonly bytes: Buffer;
  readonly fault: string | null;
}

/** What standard output would have got, until the end or until it broke. */
async function give(
  slug: string,
  paths: readonly string[],
  signingKey: GuixSecretKey | null = null,
): Promise<Given> {
  const server = { address: `${farm.address}/${slug}` };
  const trust = await trustIn([await (await fetch(`${server.address}/signing-key.pub`)).text()]);
  const wish = { server, paths, recursive: true, trust, signingKey, remark: () => undefined };
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of exportArchive(wish)) pieces.push(piece);
    return { bytes: Buffer.concat(pieces), fault: null };
  } catch (error) {
    return { bytes: Buffer.concat(pieces), fault: (error as Error).message };
  }
}

function nixStore(args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { env: environment, encoding: 'buffer' as const, maxBuffer: 2 ** 28 };
    const child = execFile('nix-store', args, options, (error, out, err) => {
      if (error) reject(new Error(String(err)));
      else resolve(out);
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

let paths: string[] = [];
const store = (name: string, ...args: string[]): string[] => ['--store', join(work, name), ...args];
const lines = async (args: string[], input?: Uint8Array): Promise<string[]> =>
  (await nixStore(args, input)).toString().trim().split('\n');

async function makePaths(): Promise<void> {
  const tree = join(work, 'tree');
  await mkdir(join(tree, 'bin'), { recursive: true });
  await writeFile(join(tree, 'large'), Buffer.alloc(3_000_001, 'some contents '));
  await writeFile(join(tree, 'bin', 'run'), '#!/bin/sh\n');
  await chmod(join(tree, 'bin', 'run'), 0o755);
  await writeFile(
    join(work, 'items.nix'),
    `let tree = builtins.path { path = ${tree}; name = "tree"; };
     in builtins.toFile "second" "after \${builtins.toFile "first" "1"} and \${tree}"`,
  );
  const args = ['--eval', '--read-write-mode', join(work, 'items.nix')];
  const options = { env: environment };
  const made = execFileSync('nix-instantiate', store('made', ...args), options);
  const top = JSON.parse(made.toString()) as string;
  paths = await lines(store('made', '-qR', top));
}

withNix('archives of Nix', () => {
  beforeAll(makePaths, 60_000);

  it('are pushed with a token, and twice without harm', async () => {
    const archive = await nixStore(store('made', '--export', ...paths));
    expect((await take('team', archive)).sort()).toEqual([...paths].sort());
    expect((await take('team', archive)).sort()).toEqual([...paths].sort());
    for (const path of paths) {
      const hashPart = basename(path).slice(0, 32);
      const answer = await fetch(`${farm.address}/team/${hashPart}.narinfo`);
      const narinfo = parseNarinfo(await answer.text());
      const [hash] = await lines(store('made', '-q', '--hash', path));
      expect(narinfo).toMatchObject({ ok: true, value: { storePath: path, narHash: hash } });
    }
  });

  it('are written as nix-store writes them, and taken by it', async () => {
    const top = paths.find((path) => path.endsWith('-second'))!;
    const { bytes, fault } = await give('team', [top]);
    expect(fault).toBeNull();
    expect(await lines(store('fresh', '--import'), bytes)).toEqual(
      expect.arrayContaining([...paths]),
    );
    for (const query of ['--hash', '--references']) {
      const of = (name: string): Promise<string[]> => lines(store(name, '-q', query, top));
      expect(await of('fresh')).toEqual(await of('made'));
    }
    const order = told(bytes).map(({ item }) => item.path);
    const theirs = await nixStore(store('made', '--export', ...order));
    expect(Buffer.compare(bytes, theirs)).toBe(0);
  });
});

withNix('archives that are broken', () => {
  it('end within an item whose nar is not as told, and are then taken by nobody', async () => {
    const tree = paths.find((path) => path.endsWith('-tree'))!;
    const hashPart = basename(tree).slice(0, 32);
    const text = await (await fetch(`${farm.address}/team/${hashPart}.narinfo`)).text();
    const file = /^URL: nar\/(.*)$/m.exec(text)![1]!;
    const path = join(farm.data, 'nars', 'files', file.slice(0, 2), file);
    const whole = await readFile(path);
    await chmod(path, 0o644);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 8]! ^= 1;
    await writeFile(path, flipped);
    const { bytes, fault } = await give('team', [tree]);
    await writeFile(path, whole);
    expect(fault).toMatch(/hash|decompress|unpack/);
    await expect(nixStore(store('torn', '--import'), bytes)).rejects.toThrow();
    expect((await give('team', [tree])).fault).toBeNull();
  });

  it('that end early, or are none, are refused with the byte', async () => {
    const archive = await nixStore(store('made', '--export', ...paths));
    await expect(take('team', archive.subarray(0, -5))).rejects.toThrow(
      `broken at byte ${archive.length - 5}: truncated`,
    );
    await expect(take('team', Buffer.from('nonsense, as it is'))).rejects.toThrow('no archive');
  });

  it('for which the token is not good are refused', async () => {
    const archive = await nixStore(store('made', '--export', paths[0]!));
    const pushed = importArchive(inPieces(archive), {
      ...{ address: `${farm.address}/nix`, token: tokens.get('team')!, trusted: [] },
      tell: () => undefined,
    });
    await expect(pushed).rejects.toThrow(/was answered 40[13]/);
  });
});

function told(archive: Uint8Array): Extract<ExportEvent, { kind: 'item' }>[] {
  const reader = new ExportReader();
  const read = reader.push(archive);
  if (!read.ok || !reader.finish().ok) throw new Error('the archive cannot be read');
  return read.value.filter((event) => event.kind === 'item');
}

const dir = '/gnu/store';
const dep = '8i0sdngapnzzzcdqr6ry8dyfr4zwsrls-dep-1.0';
const top = 'k5l6ni6lzx6cvxwcr3q8n1d9n4731lrs-top-1.0';
let key: GuixSecretKey;

async function readFixtureKey(): Promise<void> {
  const read = parseGuixSecretKey(await readFile(new URL('signing-key.sec', fixtures), 'utf8'));
  if (!read.ok) throw new Error(read.error.kind);
  key = read.value;
}

/** As guix archive --export would write what guix publish served. */
async function archiveOf(
  names: readonly string[],
  sign: (digest: Uint8Array) => string | null,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (const name of names) {
    const nar = gunzipSync(await readFile(new URL(`nar/gzip-${name}`, fixtures)));
    const references = name === top ? [`${dir}/${dep}`] : [];
    const description = itemDescription({ path: `${dir}/${name}`, references, deriver: null });
    const digest = sha256(Buffer.concat([nar, description]));
    parts.push(itemBegin(), nar, description, itemEnd(sign(digest)));
  }
  return Buffer.concat([...parts, archiveEnd()]);
}

/** As libgcrypt signs. */
function gcrypt(question: string): string {
  const asked = { input: `${question}\n` };
  return execFileSync('guile', ['--no-auto-compile', gcryptDesk], asked).toString().trim();
}

const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

withGcrypt('archives of Guix', () => {
  beforeAll(readFixtureKey);

  it('are taken when an authorised key signed each item, as libgcrypt does it', async () => {
    const secret = await readFile(new URL('signing-key.sec', fixtures), 'latin1');
    const signature = (digest: Uint8Array): string =>
      Buffer.from(gcrypt(`sign ${hexOf(secret)} ${toHex(digest)}`), 'hex').toString('latin1');
    const archive = await archiveOf([dep, top], signature);
    const stranger = generateGuixKey();
    await expect(take('team-guix', archive, [stranger])).rejects.toThrow(
      'a key that is not trusted',
    );
    await expect(take('team-guix', archive)).rejects.toThrow('a key that is not trusted');
    expect(await take('team-guix', archive, [stranger, key])).toEqual([
      `${dir}/${dep}`,
      `${dir}/${top}`,
    ]);
  });

  it('that were changed, or bear no signature, are refused', async () => {
    const signed = await archiveOf([dep], (digest) => signDigest(key, digest));
    const at = signed.indexOf(dep);
    const renamed = Buffer.from(signed);
    renamed.write('9', at);
    await expect(take('team-guix', renamed, [key])).rejects.toThrow('is not what was signed');
    const bare = await archiveOf([dep], () => null);
    await expect(take('team-guix', bare, [key])).rejects.toThrow('is not signed');
    const other = await archiveOf([dep], () => signDigest(key, sha256(Buffer.from('other'))));
    await expect(take('team-guix', other, [key])).rejects.toThrow('is not what was signed');
  });

  it('are written with a signature for each item that libgcrypt verifies', async () => {
    const own = generateGuixKey();
    const { bytes, fault } = await give('team-guix', [`${dir}/${top}`], own);
    expect(fault).toBeNull();
    const items = told(bytes);
    expect(items.map(({ item }) => item.path)).toEqual([`${dir}/${dep}`, `${dir}/${top}`]);
    for (const { digest, signature } of items) {
      expect(gcrypt(`verify ${hexOf(signature!)} ${toHex(digest)}`)).toBe('good');
      expect(gcrypt(`verify ${hexOf(signature!)} ${toHex(sha256(digest))}`)).toBe('other');
      expect(signature).toContain(/#[0-9A-F]{64}#/.exec(formatGuixPublicKey(own.publicKey))![0]);
    }
    expect(await take('team-guix', bytes, [own])).toHaveLength(2);
  });
});
