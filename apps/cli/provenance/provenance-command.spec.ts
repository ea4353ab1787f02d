/** Bundles as Guix lays them out, made here; what is told of them is told from their bytes. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lookForProgram } from '#adapters/backends/sandbox/program.js';
import { provenanceCommand } from './provenance-command.js';

const profile = 'gnu/store/mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm-profile';
const guixCommit = 'a'.repeat(40);
const otherCommit = 'b'.repeat(40);
const fingerprint = 'BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA';
const saved = `(provenance (repository (version 0) (url "https://git.example.org/guix.git")
  (branch "master") (commit "${guixCommit}") (name guix)
  (introduction (channel-introduction (version 0) (commit "${'9'.repeat(40)}")
    (signer "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA"))))
 (repository (version 0) (url "https://example.org/mine.git") (branch "main")
  (commit "${otherCommit}") (name mine)))`;
const storePath = (name: string): string => `"/gnu/store/${'r'.repeat(32)}-${name}"`;
const propagated = `("zlib" "1.3" "out" ${storePath('zlib-1.3')} (propagated-inputs ())
  (search-paths ()))`;
const version3 = `;; made by Guix
(manifest (version 3) (packages (
  ("hello" "2.12.1" "out" ${storePath('hello-2.12.1')} (propagated-inputs (${propagated}))
   (search-paths ()) (properties ${saved}))
  ("gcc" "13.2.0" "lib" ${storePath('gcc-13.2.0-lib')} (propagated-inputs ())
   (search-paths ()) (properties ${saved})))))`;
const version4 = `(manifest (version 4) (packages (
  ("hello" "2.12.1" "out" ${storePath('hello-2.12.1')} (properties (${saved}
   (transformations (with-latest . "hello")))))
  (repeated "zlib" "1.3" ${storePath('zlib-1.3')}))))`;
const withoutProvenance = `(manifest (version 4) (packages (
  ("hello" "2.12.1" "out" ${storePath('hello-2.12.1')}))))`;

const channels = `(list
 (channel
  (name 'guix)
  (url "https://git.example.org/guix.git")
  (branch "master")
  (commit "${guixCommit}")
  (introduction (make-channel-introduction "${'9'.repeat(40)}"
    (openpgp-fingerprint "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA"))))
 (channel
  (name 'mine)
  (url "https://example.org/mine.git")
  (branch "main")
  (commit "${otherCommit}")))`;

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'provenance-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

let trees = 0;

/** A tree with a profile, a file before it, and what else a bundle has. */
async function tree(manifest: string): Promise<string> {
  const root = join(directory, `tree-${trees++}`);
  const decoy = join(root, 'gnu/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-mail-1.0/profile');
  for (const path of [decoy, join(root, profile, 'bin')]) await mkdir(path, { recursive: true });
  await writeFile(join(decoy, 'manifest'), 'not this one');
  await writeFile(join(root, 'gnu/store/.links'), Buffer.alloc(3000, 1));
  await writeFile(join(root, profile, 'manifest'), manifest);
  return root;
}

function tarOf(root: string, ...words: readonly string[]): Buffer {
  const order = ['--sort=name', '--mtime=@1', '--owner=root:0', '--group=root:0'];
  return execFileSync('tar', ['-C', root, ...order, ...words, '-cf', '-', '.']);
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(directory, `${trees++}-${name}`);
  await writeFile(path, bytes);
  return path;
}

/** An image as docker loads it: an archive of layers, packed with gzip. */
async function dockerImage(layer: Uint8Array, layerPath: string): Promise<Buffer> {
  const root = join(directory, `image-${trees++}`);
  await mkdir(join(root, layerPath, '..'), { recursive: true });
  await writeFile(join(root, layerPath), layer);
  await writeFile(join(root, 'manifest.json'), '[{"Layers":["…"]}]');
  return gzipSync(tarOf(root));
}

async function told(...words: readonly string[]): Promise<{ out: string; remarks: string[] }> {
  let out = '';
  const remarks: string[] = [];
  const voice = {
    tell: (text: string) => void (out += text),
    remark: (sentence: string) => void remarks.push(sentence),
  };
  await provenanceCommand(voice)
    .exitOverride()
    .parseAsync(['node', 'provenance', ...words]);
  process.exitCode = 0;
  return { out, remarks };
}

/** The same for a reader of Scheme, whatever its layout. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('( ', '(').trim();

describe('the provenance of a bundle', () => {
  const names = [
    ...['pax tarball', 'gzip tarball', 'zstd tarball', 'xz tarball'],
    ...['docker image', 'OCI image', 'squashfs image'],
  ];

  async function bundle(name: string, manifest: string): Promise<string> {
    const root = await tree(manifest);
    const gnu = tarOf(root, '--format=gnu');
    switch (name) {
      case 'pax tarball':
        return file('pack.tar', tarOf(root, '--format=pax'));
      case 'gzip tarball':
        return file('pack.tar.gz', gzipSync(gnu));
      case 'zstd tarball':
        return file('pack.tar.zst', zstdCompressSync(gnu));
      case 'xz tarball':
        return file('pack.tar.xz', execFileSync('xz', ['-c'], { input: gnu }));
      case 'docker image':
        return file('image.tar.gz', await dockerImage(gnu, `${'0'.repeat(64)}/layer.tar`));
      case 'OCI image': {
        const blob = `blobs/sha256/${'0'.repeat(64)}`;
        return file('image.tar.gz', await dockerImage(gzipSync(gnu), blob));
      }
      default: {
        const image = join(directory, `${trees++}.squashfs`);
        execFileSync('mksquashfs', [root, image, '-quiet', '-no-progress'], { stdio: 'ignore' });
        return image;
      }
    }
  }

  for (const name of names) {
    const missing = name === 'squashfs image' && lookForProgram('mksquashfs') === null;
    if (missing) process.stderr.write('PASSED OVER: squashfs images, as mksquashfs is missing\n');
    (missing ? it.skip : it)(`is told from the bytes of a ${name}`, async () => {
      const { out, remarks } = await told(await bundle(name, version3));
      expect(remarks).toEqual([]);
      expect(flat(out)).toBe(
        flat(`;; channels.scm ${channels} ;; manifest.scm
          (specifications->manifest (list "hello@2.12.1" "gcc@13.2.0:lib"))`),
      );
    });
  }

  it('is written as files that guix reads', async () => {
    const output = join(directory, 'again');
    await told('--output', output, await bundle('pax tarball', version4));
    expect(flat(await readFile(join(output, 'channels.scm'), 'utf8'))).toBe(flat(channels));
    expect(flat(await readFile(join(output, 'manifest.scm'), 'utf8'))).toBe(
      flat(`(use-modules (guix transformations) (guix profiles) (gnu packages))
        (concatenate-manifests (list (specifications->manifest (list))
          (packages->manifest (list (list
            ((options->transformation '((with-latest . "hello")))
             (specification->package "hello@2.12.1")) "out")))))`),
    );
    const { out } = await told('--json', await bundle('pax tarball', version4));
    expect(JSON.parse(out)).toMatchObject({
      channels: [{ channel: 'guix', introduction: { fingerprint } }, { channel: 'mine' }],
      packages: [{ name: 'hello', transformations: [{ option: 'with-latest' }] }],
    });
  });

  it('is said to be missing where it was not saved', async () => {
    const { out, remarks } = await told(await bundle('gzip tarball', withoutProvenance));
    expect(remarks.join()).toMatch(/made without saved provenance/);
    expect(flat(out)).toBe(';; manifest.scm (specifications->manifest (list "hello@2.12.1"))');
  });

  it('is refused in a sentence for what is no bundle, is cut, or holds no profile', async () => {
    const whole = tarOf(await tree(version3));
    const cut = await file('cut.tar', whole.subarray(0, 2100));
    await expect(told(cut)).rejects.toThrow(/it is cut/);
    const wrong = await file('wrong.tar', Buffer.concat([whole.subarray(0, 300), whole]));
    await expect(told(wrong)).rejects.toThrow(/it is no tar archive/);
    const text = await file('notes.txt', Buffer.from('hello'));
    await expect(told(text)).rejects.toThrow(/neither a tarball/);
    const empty = join(directory, 'empty');
    await mkdir(empty);
    await expect(told(await file('empty.tar', tarOf(empty)))).rejects.toThrow(/no profile of Guix/);
    const odd = await file('odd.tar', tarOf(await tree('(manifest (version 9) (packages ()))')));
    await expect(told(odd)).rejects.toThrow(/its version is none/);
    const open = await file('open.tar', tarOf(await tree('(manifest (version 4)')));
    await expect(told(open)).rejects.toThrow(/profile\/manifest in .*: line 1, column/);
  });
});
