import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeNar, encodeNar, NarWriter, type NarNode } from '#formats/nar.js';
import { dumpPath, restoreNar } from './nar-disk.js';

let folder = '';

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'gambeson-nar-'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function dump(path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of dumpPath(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const restore = (bytes: Uint8Array, target: string, size = 1000): Promise<void> =>
  restoreNar(inPieces(bytes, size), target);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = (contents: Uint8Array, executable = false): NarNode => ({
  type: 'regular',
  executable,
  contents,
});
const link = (target: string): NarNode => ({ type: 'symlink', target: bytes(target) });
const directory = (entries: readonly (readonly [Uint8Array, NarNode])[]): NarNode => ({
  type: 'directory',
  entries: entries.map(([name, node]) => ({ name, node })),
});
const large = new Uint8Array(700_001).map((_, i) => i % 251);
const tree = directory([
  [bytes('Empty'), file(new Uint8Array())],
  [bytes('bin'), directory([[bytes('tool'), file(bytes('#!/bin/sh\n'), true)]])],
  [bytes('dangling'), link('/nowhere/at/all')],
  [bytes('hollow'), directory([])],
  [bytes('large'), file(large)],
  [bytes('line\nfeed ☃'), file(bytes('x'))],
  [bytes('n'.repeat(255)), file(bytes('y'))],
  [bytes('\u{ffff}'), file(bytes('before the next by bytes, after it by UTF-16'))],
  [bytes('\u{1f600}'), file(bytes('!'))],
  [Uint8Array.of(0xff, 0xfe, 0x20), directory([[Uint8Array.of(0x80), file(bytes('z'))]])],
]);

describe('a tree on the disk', () => {
  it('is what the nar said, and packs into the same nar', async () => {
    const archive = encodeNar(tree);
    for (const size of [97, 4096, archive.length]) {
      const target = join(folder, `tree-${size}`);
      await restore(archive, target, size);
      expect(Buffer.compare(await dump(target), archive)).toBe(0);
    }
  });

  it('may be a single file or a link', async () => {
    for (const node of [file(large, true), file(bytes('')), link('elsewhere')]) {
      const target = join(folder, `${node.type}-${fs.readdirSync(folder).length}`);
      await restore(encodeNar(node), target);
      expect(decodeNar(await dump(target))).toMatchObject({ ok: true, value: { type: node.type } });
    }
  });

  it('has the modification time 1 throughout, and no other mode than 644 and 755', async () => {
    const target = join(folder, 'tree');
    await restore(encodeNar(tree), target);
    const paths = fs.readdirSync(target).map((name) => join(target, name));
    for (const path of [
      target,
      ...paths.filter((p) => fs.existsSync(p)),
      join(target, 'dangling'),
    ]) {
      expect([path, fs.lstatSync(path).mtimeMs]).toEqual([path, 1000]);
    }
    const mask = 0o777 & ~process.umask();
    expect(fs.statSync(join(target, 'bin/tool')).mode & 0o777).toBe(0o755 & mask);
    expect(fs.statSync(join(target, 'Empty')).mode & 0o777).toBe(0o644 & mask);
  });

  it('counts as executable by its owner alone', async () => {
    const path = join(folder, 'file');
    fs.writeFileSync(path, 'x');
    const executable = async (mode: number): Promise<unknown> => {
      fs.chmodSync(path, mode);
      const decoded = decodeNar(await dump(path));
      return decoded.ok && decoded.value.type === 'regular' && decoded.value.executable;
    };
    expect([await executable(0o655), await executable(0o744)]).toEqual([false, true]);
  });
});

describe('unpacking', () => {
  it('refuses a target that exists, and leaves it alone', async () => {
    const target = join(folder, 'there');
    fs.writeFileSync(target, 'mine');
    const dangling = join(folder, 'link');
    fs.symlinkSync(join(folder, 'victim'), dangling);
    for (const path of [target, dangling]) {
      await expect(restore(encodeNar(file(bytes('theirs'))), path)).rejects.toMatchObject({
        code: 'misconfigured',
      });
    }
    expect(fs.readFileSync(target, 'utf8')).toBe('mine');
    expect(fs.readdirSync(folder).sort()).toEqual(['link', 'there']);
  });

  it('never removes what another made at the target meanwhile', async () => {
    const target = join(folder, 'raced');
    async function* raced(): AsyncGenerator<Uint8Array> {
      fs.mkdirSync(target);
      yield encodeNar(tree);
    }
    await expect(restoreNar(raced(), target)).rejects.toMatchObject({ code: 'file-unreadable' });
    expect(fs.existsSync(target)).toBe(true);
  });

  it('cannot be led through a link out of its target', async () => {
    const outside = join(folder, 'outside');
    fs.mkdirSync(outside);
    const entry = (name: string, ...node: readonly Uint8Array[]): Uint8Array[] => [
      NarWriter.entryBegin(bytes(name)),
      ...node,
      NarWriter.entryEnd(),
    ];
    const inner = entry('stolen', NarWriter.symlink(bytes('x')));
    const hostile = Buffer.concat([
      NarWriter.archiveBegin(),
      NarWriter.directoryBegin(),
      ...entry('a', NarWriter.symlink(bytes(outside))),
      ...entry('a', NarWriter.directoryBegin(), ...inner, NarWriter.directoryEnd()),
      NarWriter.directoryEnd(),
    ]);
    await expect(restore(hostile, join(folder, 'tree'))).rejects.toMatchObject({
      code: 'corrupt-data',
    });
    expect(fs.readdirSync(outside)).toEqual([]);
  });

  it('leaves nothing behind of a nar that is cut short', async () => {
    const archive = encodeNar(tree);
    for (const length of [0, 100, 900, archive.length - 5000, archive.length - 1]) {
      const cut = restore(archive.subarray(0, length), join(folder, 'tree'));
      await expect(cut).rejects.toMatchObject({ code: 'corrupt-data', retry: 'never' });
      expect(fs.readdirSync(folder)).toEqual([]);
    }
  });

  it('passes on the fault of its source', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield encodeNar(tree).subarray(0, 500_000);
      throw new Error('the connection broke');
    }
    await expect(restoreNar(broken(), join(folder, 'tree'))).rejects.toThrow('connection broke');
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe('packing', () => {
  it('names the path that is missing', async () => {
    await expect(dump(join(folder, 'none'))).rejects.toMatchObject({
      code: 'file-unreadable',
      message: expect.stringContaining('none: ENOENT'),
    });
  });

  it('refuses what a nar cannot hold', async () => {
    await expect(dump('/dev/null')).rejects.toMatchObject({ code: 'file-unreadable' });
  });

  it('refuses a file that grows or shrinks meanwhile', async () => {
    const path = join(folder, 'growing');
    for (const change of [() => fs.appendFileSync(path, 'more'), () => fs.truncateSync(path, 5)]) {
      fs.writeFileSync(path, large);
      const pieces = dumpPath(path);
      await pieces.next();
      change();
      const rest = async (): Promise<void> => {
        for await (const piece of pieces) void piece;
      };
      await expect(rest()).rejects.toMatchObject({ code: 'file-unreadable' });
    }
  });
});
