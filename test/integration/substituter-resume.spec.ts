/** Uploads that are cut on their way, and go on where they stopped. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { SubstituterClient } from '#adapters/substituter-client/client.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { raw, startTestSubstituter, type TestSubstituter } from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;
let line: Line;

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
  line = await Line.to(Number(new URL(farm.address).port));
}, 60_000);
afterEach(() => line.heal());
afterAll(async () => {
  await line?.close();
  await farm?.stop();
  await postgres?.stop();
});

/** A line to the substituter that breaks after so many bytes have gone up. */
class Line {
  carried = 0;
  private left = Infinity;
  private readonly ends = new Set<net.Socket>();

  private constructor(private readonly server: net.Server) {}

  static async to(port: number): Promise<Line> {
    const server = net.createServer();
    const made = new Line(server);
    server.on('connection', (near) => made.join(near, net.connect(port, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return made;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  breakAfter(bytes: number): void {
    this.left = bytes;
  }

  heal(): void {
    this.left = Infinity;
    this.carried = 0;
  }

  async close(): Promise<void> {
    for (const end of this.ends) end.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(near: net.Socket, far: net.Socket): void {
    for (const end of [near, far]) {
      this.ends.add(end);
      end.on('error', () => undefined);
      end.on('close', () => this.ends.delete(end));
    }
    far.pipe(near);
    near.on('end', () => far.end());
    near.on('data', (bytes) => {
      const through = bytes.subarray(0, Math.max(0, Math.min(bytes.length, this.left)));
      this.left -= through.length;
      this.carried += through.length;
      far.write(through);
      if (this.left > 0) return;
      // What was written before goes out, and then the line is dead.
      far.end(() => far.destroy());
      near.destroy();
    });
  }
}

interface Sample {
  readonly path: string;
  readonly nar: Uint8Array;
  readonly narHash: string;
}

/** Nothing of it can be compressed. */
function sampleOf(letter: string, size: number): Sample {
  const nar = encodeNar({ type: 'regular', executable: false, contents: randomBytes(size) });
  const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
  return { path: `${letter.repeat(32)}-large`, nar, narHash };
}

async function* pieces({ nar }: Sample): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < nar.length; at += 65_536) yield nar.subarray(at, at + 65_536);
}

const put = (client: SubstituterClient, sample: Sample): Promise<{ narHash: string }> =>
  client.putNar({ slug: 'nix', path: sample.path, nar: pieces(sample), narHash: sample.narHash });

const staged = async (): Promise<number> =>
  (await readdir(join(farm.data, 'nars', 'staging'))).length;

describe('an upload that is cut', () => {
  it('goes on where it stopped when it is tried again', async () => {
    const sample = sampleOf('a', 4_000_000);
    const client = new SubstituterClient(line.address, farm.serviceToken);
    line.breakAfter(2_500_000);
    await expect(put(client, sample)).rejects.toMatchObject({ code: 'substituter-unavailable' });
    line.heal();
    expect(await put(client, sample)).toMatchObject({ narHash: sample.narHash });
    expect(line.carried).toBeLessThan(2_000_000);
    await answered('no staged file', async () => ((await staged()) === 0 ? true : null), 10_000);
  });

  it('may be cut again and again', async () => {
    const sample = sampleOf('b', 4_000_000);
    const client = new SubstituterClient(line.address, farm.serviceToken);
    for (let cuts = 0; cuts < 3; cuts += 1) {
      line.breakAfter(1_200_000);
      await expect(put(client, sample)).rejects.toMatchObject({ retry: 'later' });
    }
    line.heal();
    expect(await put(client, sample)).toMatchObject({ narHash: sample.narHash });
    expect(line.carried).toBeLessThan(1_500_000);
  });

  it('begins anew when what had come is not kept any more, or was other bytes', async () => {
    const client = new SubstituterClient(line.address, farm.serviceToken);
    const sample = sampleOf('c', 2_000_000);
    line.breakAfter(1_000_000);
    await expect(put(client, sample)).rejects.toMatchObject({ retry: 'later' });
    line.heal();
    const other = { ...sampleOf('d', 2_000_000), path: sample.path };
    // The rest of one nar after the beginning of another is refused, and the whole is taken.
    await expect(put(client, other)).rejects.toMatchObject({ retry: 'later' });
    expect(await put(client, other)).toMatchObject({ narHash: other.narHash });
  });

  it('leaves nothing behind when its sender names no key', async () => {
    const { path, nar } = sampleOf('f', 500_000);
    const body = zstdCompressSync(nar);
    const request = http.request(`${farm.address}/nix/uploads/${path}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${farm.serviceToken}`,
        'content-type': 'application/zstd',
        'content-length': body.length,
      },
    });
    request.on('error', () => undefined);
    request.write(body.subarray(0, 100_000));
    await answered('a staged file', async () => ((await staged()) === 1 ? true : null), 10_000);
    request.destroy();
    await answered('no staged file', async () => ((await staged()) === 0 ? true : null), 10_000);
  });
});

describe('what is asked of an upload', () => {
  const key = '0'.repeat(32);
  const place = (letter: string): string =>
    `${farm.address}/nix/uploads/${letter.repeat(32)}-large`;
  const headers = (more: http.OutgoingHttpHeaders = {}): http.OutgoingHttpHeaders => ({
    authorization: `Bearer ${farm.serviceToken}`,
    'content-type': 'application/zstd',
    'upload-key': key,
    ...more,
  });
  const head = (letter: string, more: http.OutgoingHttpHeaders = {}): ReturnType<typeof raw> =>
    raw(place(letter), { method: 'HEAD', headers: headers(more) });

  it('is answered while its old connection still seems to stand', async () => {
    const body = zstdCompressSync(sampleOf('g', 300_000).nar);
    const old = http.request(place('g'), {
      method: 'PUT',
      headers: headers({ 'content-length': body.length }),
    });
    old.on('error', () => undefined);
    old.write(body.subarray(0, 200_000));
    const offset = await answered(
      'all that was sent',
      async () => {
        const told = (await head('g')).headers['upload-offset'];
        return told === undefined ? null : Number(told);
      },
      10_000,
    );
    expect(offset).toBeLessThanOrEqual(200_000);
    const rest = await raw(place('g'), {
      method: 'PATCH',
      headers: headers({ 'upload-offset': String(offset) }),
      body: body.subarray(offset),
    });
    expect(rest.status).toBe(201);
    expect((await head('g')).status).toBe(404);
  });

  it('is told to its own sender alone', async () => {
    const body = zstdCompressSync(sampleOf('h', 100_000).nar);
    const cut = http.request(place('h'), {
      method: 'PUT',
      headers: headers({ 'content-length': body.length }),
    });
    cut.on('error', () => undefined);
    cut.write(body.subarray(0, 50_000));
    await answered('a staged file', async () => ((await staged()) > 0 ? true : null), 10_000);
    cut.destroy();
    await answered(
      'the parked upload',
      async () => ((await head('h')).status === 200 ? true : null),
      10_000,
    );
    const attempt = await farm.lease(91, 60);
    expect((await head('h', { authorization: `Bearer ${attempt}` })).status).toBe(404);
    expect((await head('h', { 'upload-key': '1'.repeat(32) })).status).toBe(404);
    expect((await head('h', { authorization: 'Bearer x' })).status).toBe(401);
  });

  it('is refused when it makes no sense', async () => {
    const patch = async (more: http.OutgoingHttpHeaders): Promise<number> =>
      (await raw(place('i'), { method: 'PATCH', headers: headers(more), body: Buffer.from('x') }))
        .status;
    expect(await patch({ 'upload-offset': '5' })).toBe(409);
    expect(await patch({ 'upload-offset': '-5' })).toBe(409);
    expect(await patch({})).toBe(400);
    expect(await patch({ 'upload-key': '../../x', 'upload-offset': '5' })).toBe(400);
    expect((await raw(place('i'))).status).toBe(405);
  });
});
