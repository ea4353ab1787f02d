/**
 * The codecs against the real tools of Nix, in a store of its own below a temporary directory.
 * Without Nix on the machine these say so and are passed over.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dumpPath, restoreNar } from '#adapters/system/nar-disk.js';
import { encodeNix32 } from '#formats/base32.js';
import { checkDerivation, ModuloHashes } from '#formats/derivation-paths.js';
import { parseDerivation, printDerivation, type Derivation } from '#formats/derivation.js';
import { createSha256, formatHash, fromHex, sha256, toHex } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { parseNarinfo, printNixNarinfo, type Narinfo } from '#formats/narinfo.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  parseNixPublicKey,
  parseNixSecretKey,
  publicKeyOf,
  signNix,
  verifyNix,
} from '#formats/nix-signature.js';
import { basenameOf, fixedOutputPath, parseStorePath, sourcePath } from '#formats/store-path.js';

const recipes = new URL('../fixtures/formats/nix/recipes.nix', import.meta.url).pathname;
const dir = '/nix/store';
let root = '';
let env: NodeJS.ProcessEnv = {};

function nixIsThere(): boolean {
  try {
    execFileSync('nix-store', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('PASSED OVER: all tests of the formats with real Nix, as it is missing\n');
    return false;
  }
}

function run(program: string, ...args: readonly string[]): string {
  return runBytes(program, args).toString().trim();
}

function runBytes(
  program: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Buffer {
  const stdio: 'pipe'[] = ['pipe', 'pipe', 'pipe'];
  return execFileSync(program, args, { env, input, stdio, maxBuffer: 2 ** 28 });
}

const store = (...args: readonly string[]): string => run('nix-store', '--store', root, ...args);

async function dump(path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of dumpPath(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

beforeAll(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'gambeson-nix-'));
  fs.mkdirSync(join(root, 'conf'));
  fs.writeFileSync(
    join(root, 'conf/nix.conf'),
    'build-users-group =\nsubstituters =\nsandbox-paths =\n' +
      'experimental-features = nix-command ca-derivations\n',
  );
  const home = join(root, 'home');
  env = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    NIX_PATH: '',
  };
  env = { ...env, NIX_CONF_DIR: join(root, 'conf'), NIX_USER_CONF_FILES: '/dev/null' };
});

afterAll(() => {
  if (fs.existsSync(join(root, 'nix'))) execFileSync('chmod', ['-R', 'u+w', join(root, 'nix')]);
  fs.rmSync(root, { recursive: true, force: true });
});

/** A tree of everything that a nar can hold, with names that are not text. */
function makeTree(path: string): void {
  const put = (name: string | Uint8Array, contents: Uint8Array | string, mode = 0o644): void => {
    const place = Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name)]);
    fs.writeFileSync(place, contents);
    fs.chmodSync(place, mode);
  };
  fs.mkdirSync(join(path, 'sub/deeper'), { recursive: true });
  put('empty', '');
  put('owner-executes', 'x', 0o711);
  put('others-execute', 'x', 0o655);
  put('sub/😀', randomBytes(7));
  put('sub/￿', randomBytes(8));
  put('sub/line\nfeed', randomBytes(9));
  put('sub/Upper', randomBytes(65_536));
  put('sub/a-b', randomBytes(65_537));
  put('sub/ab', 'ab');
  put(Uint8Array.of(0xff, 0x80, 0x41), 'not utf-8');
  put('n'.repeat(250), 'long');
  put('large', randomBytes(3_000_001));
  fs.symlinkSync('../nowhere', join(path, 'sub/deeper/dangling'));
  for (let i = 0; i < 500; i++) put(`sub/${i}`, String(i));
}

const withNix = nixIsThere() ? describe : describe.skip;

withNix('nars beside nix-store', () => {
  it('are the same bytes for a tree of everything, both ways', async () => {
    const tree = join(root, 'tree');
    makeTree(tree);
    const theirs = runBytes('nix-store', ['--dump', tree]);
    const ours = await dump(tree);
    expect(Buffer.compare(ours, theirs)).toBe(0);
    await restoreNar(whole(theirs), join(root, 'ours'));
    expect(Buffer.compare(runBytes('nix-store', ['--dump', join(root, 'ours')]), theirs)).toBe(0);
    runBytes('nix-store', ['--restore', join(root, 'theirs')], ours);
    expect(Buffer.compare(await dump(join(root, 'theirs')), theirs)).toBe(0);
    const hash = run('nix-hash', '--type', 'sha256', '--base32', tree);
    expect(encodeNix32(createSha256().update(ours).digest())).toBe(hash);
  });
});

withNix('hashes beside nix-hash', () => {
  it('are spelt the same in base 32', () => {
    for (const [type, size] of Object.entries({ md5: 16, sha1: 20, sha256: 32, sha512: 64 })) {
      const hex = randomBytes(size).toString('hex');
      const theirs = run('nix-hash', '--type', type, '--to-base32', hex);
      expect(encodeNix32(fromHex(hex) as Uint8Array)).toBe(theirs);
    }
  });
});

withNix('store paths beside nix-store', () => {
  it('are the same for sources and for fixed outputs', async () => {
    const tree = join(root, 'source-tree');
    makeTree(tree);
    const narDigest = sha256(await dump(tree));
    expect(store('--add', tree)).toBe(sourcePath({ dir, name: 'source-tree', narDigest }));
    const file = join(tree, 'large');
    for (const algorithm of ['sha256', 'sha1', 'md5', 'sha512'] as const) {
      const hexOf = (...args: readonly string[]): Uint8Array =>
        fromHex(run('nix-hash', '--type', algorithm, ...args)) as Uint8Array;
      const flat = { algorithm, digest: hexOf('--flat', file) };
      expect(store('--add-fixed', algorithm, file)).toBe(
        fixedOutputPath({ dir, name: 'large', hash: flat, recursive: false }),
      );
      const deep = { algorithm, digest: hexOf(tree) };
      expect(store('--add-fixed', '--recursive', algorithm, tree)).toBe(
        fixedOutputPath({ dir, name: 'source-tree', hash: deep, recursive: true }),
      );
    }
  });
});

withNix('derivations beside nix-instantiate', () => {
  it('of a graph of 400 and of every kind own the paths that Nix gave them', () => {
    const graph = join(root, 'graph.nix');
    fs.writeFileSync(
      graph,
      `let made = builtins.genList (i: derivation {
         name = "item-\${toString i}"; system = "x86_64-linux"; builder = "/bin/sh";
         args = [ "-c" "tab\\t line\\n quote\\" é" ]; outputs = [ "out" "doc" ];
         inputs = if i == 0 then [ ] else [ (builtins.elemAt made (i / 2)).out
           (builtins.elemAt made (i / 3)).doc (builtins.toFile "note" (toString i)) ];
       }) 400; in made`,
    );
    run('nix-instantiate', '--store', root, graph);
    run('nix-instantiate', '--store', root, recipes);
    const place = join(root, 'nix/store');
    const names = fs.readdirSync(place).filter((name) => name.endsWith('.drv'));
    expect(names.length).toBe(415);
    const lookup = (path: string): Derivation | undefined => {
      const parsed = parseDerivation(fs.readFileSync(join(place, basename(path))));
      return parsed.ok ? parsed.value : undefined;
    };
    const modulo = new ModuloHashes(lookup);
    for (const name of names) {
      const bytes = fs.readFileSync(join(place, name));
      const derivation = lookup(name) as Derivation;
      expect(Buffer.compare(printDerivation(derivation), bytes)).toBe(0);
      const path = `${dir}/${name}`;
      expect([name, checkDerivation({ dir, path, bytes, derivation, modulo })]).toEqual([
        name,
        { ok: true, value: undefined },
      ]);
    }
  });
});

/** Two text items, of which the second refers to the first. */
function makeItem(): string {
  const text = 'builtins.toFile "second" "after ${builtins.toFile "first" "1"}"';
  const args = ['--eval', '--read-write-mode', '--expr', text];
  return JSON.parse(run('nix-instantiate', '--store', root, ...args)) as string;
}

withNix('keys and narinfos beside Nix', () => {
  const narinfosOf = (cache: string): string[] =>
    fs
      .readdirSync(cache)
      .filter((name) => name.endsWith('.narinfo'))
      .map((name) => fs.readFileSync(join(cache, name), 'utf8'));

  it('of a key made by Nix are read, printed and signed alike', () => {
    const [secretFile, publicFile] = [join(root, 'sk'), join(root, 'pk')];
    store('--generate-binary-cache-key', 'nix.example.org-1', secretFile, publicFile);
    const secret = parseNixSecretKey(fs.readFileSync(secretFile, 'utf8'));
    const key = parseNixPublicKey(fs.readFileSync(publicFile, 'utf8'));
    if (!secret.ok || !key.ok) throw new Error('the keys of Nix are refused');
    expect(formatNixSecretKey(secret.value)).toBe(fs.readFileSync(secretFile, 'utf8').trim());
    expect(formatNixPublicKey(publicKeyOf(secret.value))).toBe(formatNixPublicKey(key.value));
    for (const compression of ['none', 'xz']) {
      const cache = join(root, `cache-${compression}`);
      const to = `file://${cache}?compression=${compression}&secret-key=${secretFile}`;
      run('nix', 'copy', '--store', root, '--to', to, makeItem());
      const texts = narinfosOf(cache);
      expect(texts).toHaveLength(2);
      for (const text of texts) {
        const narinfo = parseNarinfo(text);
        if (!narinfo.ok) throw new Error(JSON.stringify(narinfo.error));
        expect(printNixNarinfo(narinfo.value)).toBe(text);
        expect(verifyNix(key.value, narinfo.value)).toBe(true);
        expect(narinfo.value.signatures).toEqual([signNix(secret.value, narinfo.value)]);
      }
    }
  });

  it('of ours are fetched by a client that trusts the key, and refused otherwise', async () => {
    const secret = generateNixKey('farm.example.org-1');
    const item = makeItem();
    const cache = await makeCache(store('-qR', item).split('\n'), (narinfo) => ({
      ...narinfo,
      signatures: [signNix(secret, narinfo)],
    }));
    const fetch = (name: string, trusted: string): string => {
      const client = join(root, name);
      const options = ['--option', 'trusted-public-keys', trusted];
      run('nix', 'copy', '--from', `file://${cache}`, '--to', client, item, ...options);
      run('nix', 'store', 'verify', '--store', client, '-r', item, ...options);
      return fs.readFileSync(join(client, item), 'utf8');
    };
    const stranger = formatNixPublicKey(publicKeyOf(generateNixKey('farm.example.org-1')));
    expect(() => fetch('client-1', stranger)).toThrow(/lacks a valid signature|not signed by any/);
    expect(fetch('client-2', formatNixPublicKey(publicKeyOf(secret)))).toMatch(/^after \/nix/);
  });
});

/** A cache of files as the farm would serve it. */
async function makeCache(
  paths: readonly string[],
  sign: (narinfo: Narinfo) => Narinfo,
): Promise<string> {
  const cache = join(root, 'our-cache');
  fs.mkdirSync(cache);
  fs.writeFileSync(join(cache, 'nix-cache-info'), `StoreDir: ${dir}\n`);
  for (const storePath of paths) {
    const parsed = parseStorePath(dir, storePath);
    if (!parsed.ok) throw new Error(storePath);
    const nar = await dump(join(root, storePath));
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    expect(narHash).toBe(store('-q', '--hash', storePath));
    const url = `${toHex(sha256(nar))}.nar`;
    fs.writeFileSync(join(cache, url), nar);
    const references = store('-q', '--references', storePath).split('\n').filter(Boolean);
    const narinfo = sign({
      storePath,
      encodings: [{ url, compression: 'none', fileHash: narHash, fileSize: nar.length }],
      narHash,
      narSize: nar.length,
      references: references.map((path) => basename(path)),
      signatures: [],
    });
    const name = `${basenameOf(parsed.value).slice(0, 32)}.narinfo`;
    fs.writeFileSync(join(cache, name), printNixNarinfo(narinfo));
  }
  return cache;
}

withNix('a text item beside nix-store', () => {
  it('has the nar hash that encoding its contents gives', () => {
    const item = makeItem();
    const contents = fs.readFileSync(join(root, item));
    const nar = encodeNar({ type: 'regular', executable: false, contents });
    expect(formatHash({ algorithm: 'sha256', digest: sha256(nar) })).toBe(
      store('-q', '--hash', item),
    );
  });
});
