/** Threads that measure nars: as they run in a substituter, from what is built. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { NarThreads } from '#adapters/nar-store/nar-threads.js';
import { ZstdNarMeter } from '#adapters/nar-store/zstd-nar-meter.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';

const built = new URL('../../dist/libs/adapters/nar-store/nar-thread.js', import.meta.url);
const limits = { largestNar: 1 << 30 };
const contents = randomBytes(300_000);
const nar = encodeNar({ type: 'regular', executable: false, contents });
const digest = {
  narHash: formatHash({ algorithm: 'sha256', digest: sha256(nar) }),
  narSize: nar.length,
};

const deadly = join(tmpdir(), `gambeson-deadly-${process.pid}.mjs`);
let threads: NarThreads | undefined;

afterEach(async () => {
  await threads?.close();
  await rm(deadly, { force: true });
});

async function measured(bytes: Uint8Array): Promise<unknown> {
  const meter = new ZstdNarMeter({ ...limits, threads });
  try {
    for (let at = 0; at < bytes.length; at += 50_000) {
      await meter.push(bytes.subarray(at, at + 50_000));
    }
    return await meter.finish();
  } finally {
    meter.close();
  }
}

describe('a nar of middling size', () => {
  it('is measured in a thread, also many at a time', async () => {
    threads = new NarThreads(2, built);
    const compressed = zstdCompressSync(nar);
    const pieces = [compressed.subarray(0, 1000), compressed.subarray(1000)];
    expect(await threads.measure(pieces, 1 << 20)).toEqual(digest);
    const all = await Promise.all(Array.from({ length: 20 }, () => measured(compressed)));
    expect(all).toEqual(all.map(() => ({ ok: true, value: digest })));
  });

  it('that is larger than a thread may unfold, or broken, is left to the stream', async () => {
    threads = new NarThreads(1, built);
    const compressed = zstdCompressSync(nar);
    expect(await threads.measure([compressed], nar.length - 1)).toBeNull();
    expect(await threads.measure([compressed, Buffer.from('x')], 1 << 20)).toBeNull();
    expect(await measured(zstdCompressSync(contents))).toMatchObject({
      error: { kind: 'not-a-nar' },
    });
    const large = encodeNar({ type: 'regular', executable: false, contents: repeated });
    expect(await measured(zstdCompressSync(large))).toMatchObject({
      value: { narSize: large.length },
    });
  });

  it('is measured as it comes when the thread dies', async () => {
    await writeFile(deadly, dies);
    threads = new NarThreads(1, pathToFileURL(deadly));
    for (let time = 0; time < 2; time++) {
      expect(await measured(zstdCompressSync(nar))).toEqual({ ok: true, value: digest });
    }
  });
});

/** 40 MB that 100 kB unfold to. */
const repeated = Buffer.concat(Array.from({ length: 400 }, () => contents.subarray(0, 100_000)));
const dies = `import { parentPort } from 'node:worker_threads';
parentPort.on('message', () => { throw new Error('out of memory'); });
`;
