/** The nar store in a bucket of a real server that speaks S3. */
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { parseS3Address, type S3Address } from '#adapters/nar-store/s3/s3-address.js';
import { S3NarStore } from '#adapters/nar-store/s3/s3-nar-store.js';
import { planParts } from '#adapters/nar-store/s3/s3-upload.js';
import { narKey, type FileKey } from '#domain/substitute/file-key.js';
import { narStoreConformance } from '#testkit/conformance/nar-store.js';
import { answered } from '#testkit/eventually.js';
import { TcpProxy } from '#testkit/faults/tcp-proxy.js';
import { startTestPostgres } from '#testkit/postgres.js';
import { startTestS3, type TestS3 } from '#testkit/s3.js';
import { onePiece, raw, sampleNar, startTestSubstituter } from './substituter-harness.js';

function addressOf(server: TestS3, more: Partial<S3Address> = {}): S3Address {
  const parsed = parseS3Address(`s3://${server.bucket}/farm?endpoint=${server.endpoint}`);
  if (!parsed.ok) throw new Error(parsed.error);
  return { ...parsed.value, ...more };
}

function clientOf({ endpoint, credentials }: TestS3): S3Client {
  return new S3Client({
    ...{ endpoint, credentials, region: 'us-east-1', forcePathStyle: true },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
}

narStoreConformance('in a bucket', async () => {
  const server = await startTestS3();
  const staging = await mkdtemp(join(tmpdir(), 'gambeson-staging-'));
  const { bucket: Bucket, credentials } = server;
  const client = clientOf(server);
  const store = new S3NarStore({ address: addressOf(server), credentials, staging });
  const objectOf = (key: FileKey) => ({ Bucket, Key: `farm/files/${key.slice(0, 2)}/${key}` });
  return {
    store,
    async truncate(key, size) {
      const { Body } = await client.send(new GetObjectCommand(objectOf(key)));
      const bytes = (await Body!.transformToByteArray()).subarray(0, size);
      await client.send(new PutObjectCommand({ ...objectOf(key), Body: bytes }));
    },
    staged: () => readdir(staging),
    async abandon(name) {
      const old = new Date(Date.now() - 7_200_000);
      await writeFile(join(staging, name), 'x');
      await utimes(join(staging, name), old, old);
    },
    async quarantined() {
      const Prefix = 'farm/quarantine/';
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key = '' }) => Key.slice(Prefix.length));
    },
    async stop() {
      client.destroy();
      await store.close();
      await server.stop();
      await rm(staging, { recursive: true });
    },
  };
});

describe('a bucket', () => {
  let server: TestS3;
  let proxy: TcpProxy;
  let staging = '';
  let store: S3NarStore;
  const key = narKey(`sha256:${'0'.repeat(52)}`, 'none');

  beforeAll(async () => {
    server = await startTestS3();
    proxy = await TcpProxy.listen(() => [server.port]);
    staging = await mkdtemp(join(tmpdir(), 'gambeson-staging-'));
    store = opened({});
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    await proxy?.close();
    await server?.stop();
    await rm(staging, { recursive: true, force: true });
  });

  function opened(more: Partial<S3Address>, accessKeyId = 'S3RVER'): S3NarStore {
    const address = addressOf(server, { endpoint: proxy.address, ...more });
    const credentials = { accessKeyId, secretAccessKey: 'S3RVER' };
    return new S3NarStore({ address, credentials, staging });
  }

  async function put(bytes: Buffer): Promise<FileKey> {
    const staged = await store.stage();
    await staged.write(bytes);
    const { fileHash } = await staged.finish();
    await staged.commit(narKey(fileHash, 'none'));
    await staged.discard();
    return narKey(fileHash, 'none');
  }

  it('whose connection is cut while a file is read gives the rest on another one', async () => {
    const large = Buffer.alloc(12_000_000, 'many bytes ');
    const name = await put(large);
    const file = await store.open(name);
    const pieces: Uint8Array[] = [];
    for await (const piece of file!.bytes) {
      pieces.push(piece);
      if (pieces.length === 3 || pieces.length === 20) proxy.cut();
    }
    expect(Buffer.concat(pieces).equals(large)).toBe(true);
    await file!.close();
  });

  it('whose connection is cut while a file is put gets it all the same', async () => {
    const large = Buffer.alloc(20_000_000, 'more bytes ');
    let cuts = 0;
    proxy.watch = (bytes) => {
      if (!bytes.includes('partNumber=') || cuts > 1) return 'pass';
      cuts += 1;
      return 'cut';
    };
    const name = await put(large);
    proxy.heal();
    expect(cuts).toBeGreaterThan(0);
    expect(await store.size(name)).toBe(large.length);
  });

  it('that does not answer is a fault that passes, never a file that is not there', async () => {
    proxy.refuse();
    await expect(store.size(key)).rejects.toMatchObject({
      code: 'file-unreadable',
      retry: 'later',
      message: expect.stringMatching(/^s3:\/\/nars\/farm\/files\/00\/0{52}\.nar failed: /),
    });
    await expect(store.open(key)).rejects.toMatchObject({ code: 'file-unreadable' });
    proxy.heal();
    expect(await store.size(key)).toBeNull();
  });

  it('that refuses us says so', async () => {
    const other = opened({}, 'SOMEBODY');
    const fault = await other.open(key).catch((thrown: unknown) => thrown);
    expect(fault).toMatchObject({
      code: 'misconfigured',
      message: `s3://nars/farm/files/00/${key} refuses us: InvalidAccessKeyId`,
    });
    await other.close();
    const nowhere = opened({ bucket: 'nowhere' });
    await expect(nowhere.open(key)).rejects.toMatchObject({
      message: expect.stringMatching(/refuses us: NoSuchBucket$/),
    });
    await nowhere.close();
  });
});

describe('a substituter whose nars lie in a bucket', () => {
  it('takes them, serves them, verifies them and takes back what is broken', async () => {
    const [server, postgres] = await Promise.all([startTestS3(), startTestPostgres()]);
    const data = await mkdtemp(join(tmpdir(), 'gambeson-substituter-'));
    await mkdir(join(data, 'secrets'));
    const { accessKeyId, secretAccessKey } = server.credentials;
    await writeFile(
      join(data, 'secrets', 's3-credentials'),
      `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    );
    const GAMBESON_NAR_STORE = `s3://${server.bucket}?endpoint=${server.endpoint}`;
    const more = { GAMBESON_DATA: data, GAMBESON_NAR_STORE, GAMBESON_SCRUB_MB_PER_SECOND: '0' };
    const farm = await startTestSubstituter(postgres, more);
    try {
      const { path, nar, narHash } = sampleNar('a', 300_000);
      await farm.service.putNar({ slug: 'nix', path, nar: onePiece(nar) });
      const narSize = nar.length;
      await farm.service.offer('nix', { path, narHash, narSize, references: [] });
      const [row] = await farm.database.query<{ file_key: string; file_size: number }>(
        'select file_key, file_size from nars',
      );
      const address = `${farm.address}/nar/${row!.file_key}`;
      const served = await raw(address);
      expect(zstdDecompressSync(served.body).equals(nar)).toBe(true);
      const client = clientOf(server);
      const Key = `files/${row!.file_key.slice(0, 2)}/${row!.file_key}`;
      const place = { Bucket: server.bucket, Key };
      await client.send(new PutObjectCommand({ ...place, Body: Buffer.alloc(row!.file_size) }));
      client.destroy();
      await farm.database.query('insert into verifications (repair) values (true)');
      const kind = await answered('the verification to end', async () => {
        const [ended] = await farm.database.query<{ kind: string }>(
          `select f.kind from verifications v join store_findings f on f.verification_id = v.id
            where v.ended_at is not null and f.done = 'withdrawn'`,
        );
        return ended?.kind ?? null;
      });
      expect(kind).toBe('file-hash');
      expect((await raw(address)).status).toBe(404);
    } finally {
      await farm.stop();
      await Promise.all([server.stop(), postgres.stop()]);
    }
  }, 60_000);
});

describe('a file that goes to a bucket', () => {
  it('is cut into parts that are neither too many nor too much at once', () => {
    const mebibyte = 1024 ** 2;
    expect(planParts(0)).toEqual({ partBytes: 16 * mebibyte, parts: 1, atOnce: 4 });
    expect(planParts(16 * mebibyte).parts).toBe(1);
    expect(planParts(16 * mebibyte + 1).parts).toBe(2);
    for (const size of [20 * 1024 ** 3, 1024 ** 4, 5 * 1024 ** 4]) {
      const { partBytes, parts, atOnce } = planParts(size);
      expect(parts).toBeLessThanOrEqual(10_000);
      expect(partBytes * parts).toBeGreaterThanOrEqual(size);
      expect(partBytes).toBeLessThanOrEqual(5 * 1024 ** 3);
      expect(atOnce === 1 || partBytes * atOnce <= 64 * mebibyte).toBe(true);
    }
  });
});
