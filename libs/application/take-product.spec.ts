import { describe, expect, it } from '@jest/globals';
import type { FoundInNar } from '#formats/nar/found.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { FarmFault } from '#std/farm-fault.js';
import type { OpenFile, StagedFile } from './ports/nar-store.js';
import type { TakenProduct, WishedProduct } from './ports/product-store.js';
import { takeProduct, type TakeProductParts } from './take-product.js';

const fileHash = `sha256:${'0'.repeat(52)}`;
const wished: WishedProduct = {
  id: 7,
  path: 'a/b',
  source: {
    ...{ pathId: 3, dir: '/nix/store', storePath: `${'1'.repeat(32)}-x-1.0` },
    ...{ narHash: 'sha256:nar', narSize: 1000 },
    files: [{ compression: 'zstd', fileHash: 'sha256:file', fileSize: 9, fileKey: 'key' }],
  },
};

interface World {
  wish?: WishedProduct | null;
  /** What is found on each way. */
  nar?: Readonly<Record<string, FoundInNar>>;
  narHash?: string;
  fileThere?: boolean;
  offered?: boolean;
  /** Commits until the file stays. */
  collected?: number;
}

function world(told: World = {}) {
  const done: string[] = [];
  let commits = 0;
  let taken: TakenProduct | undefined;
  const staged = (): StagedFile => ({
    write: async (bytes) => void done.push(`write ${bytes.length}`),
    finish: async () => ({ fileHash, fileSize: 4 }),
    commit: async (key: FileKey) => {
      commits += 1;
      done.push(`commit ${key.slice(-8)}`);
    },
    discard: async () => void done.push('discard'),
  });
  const parts: TakeProductParts = {
    products: {
      wish: async () => 0,
      claim: async () => (told.wish === undefined ? wished : told.wish),
      take: async (_id, product) => {
        taken = product;
        return told.offered ?? true;
      },
      giveBack: async () => undefined,
      refuse: async (_id, why) => void done.push(why),
    },
    nars: {
      stage: async () => staged(),
      open: async () =>
        (told.fileThere ?? true)
          ? ({ size: 9, bytes: none(), close: async () => undefined } satisfies OpenFile)
          : null,
      size: async () => (commits > (told.collected ?? 0) ? 4 : null),
    },
    readFile: async ({ way, write }) => {
      const found = (told.nar ?? { 'a/b': file })[way.join('/')] ?? { kind: 'absent' as const };
      if (found.kind === 'file') await write(new Uint8Array(4));
      return { found, digest: { narHash: told.narHash ?? 'sha256:nar', narSize: 1000 } };
    },
  };
  return { parts, done, taken: () => taken };
}

async function* none(): AsyncIterable<Uint8Array> {}
const file: FoundInNar = { kind: 'file', executable: false, size: 4 };
const linkTo = (target: string, consumed = 2): FoundInNar => ({ kind: 'link', consumed, target });

describe('a wished build product', () => {
  it('is taken out of its nar, bytes first', async () => {
    const { parts, done, taken } = world();
    expect(await takeProduct(parts)).toEqual({ kind: 'taken', id: 7 });
    expect(taken()).toMatchObject({ pathId: 3, fileName: 'b', fileSize: 4, fileHash });
    expect(done).toEqual(['write 4', 'commit .product', 'discard']);
  });

  it('is put again when a collector took its bytes before its row was there', async () => {
    const { parts, done } = world({ collected: 1 });
    expect(await takeProduct(parts)).toEqual({ kind: 'taken', id: 7 });
    expect(done.filter((one) => one.startsWith('commit'))).toHaveLength(2);
  });

  it('is followed through links, under the name that was wished for', async () => {
    const { parts, taken } = world({ nar: { 'a/b': linkTo('c'), 'a/c': file } });
    expect(await takeProduct(parts)).toMatchObject({ kind: 'taken' });
    expect(taken()?.fileName).toBe('b');
  });

  it('whose links go round is refused', async () => {
    const { parts } = world({ nar: { 'a/b': linkTo('c'), 'a/c': linkTo('b') } });
    expect(await takeProduct(parts)).toMatchObject({ why: 'there are too many links on the way' });
  });

  it('whose output was let go meanwhile is neither taken nor refused', async () => {
    const { parts } = world({ offered: false });
    expect(await takeProduct(parts)).toEqual({ kind: 'gone', id: 7 });
  });

  it.each([{ narHash: 'sha256:other' }, { fileThere: false }])(
    'whose nar is not whole stands as a wish: %j',
    async (told) => {
      const { parts, done, taken } = world(told);
      await expect(takeProduct(parts)).rejects.toThrow(FarmFault);
      expect([taken(), done.at(-1)]).toEqual([undefined, 'discard']);
    },
  );

  it('is none when nobody wishes', async () => {
    expect(await takeProduct(world({ wish: null }).parts)).toEqual({ kind: 'none' });
  });
});
