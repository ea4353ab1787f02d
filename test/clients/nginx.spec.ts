/** deploy/nginx in a real nginx, before a real api and a real substituter. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { TLSSocket, connect as connectTls } from 'node:tls';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { encodeNar, type NarNode } from '#formats/nar.js';
import { isStoreSlug } from '#domain/substitute/store.js';
import { answered } from '#testkit/eventually.js';
import { seedFarm, type Seeded } from '../integration/seeded-farm.js';
import { sampleNar } from '../integration/substituter-harness.js';
import {
  deploy,
  deployedNginx,
  makeCertificate,
  publicUrl,
  run,
  startBackends,
  type Backends,
} from './nginx-farm.js';
import type { Answer, Asked, TestNginx } from './nginx-support.js';

/** An address of this machine that no other spec asks from. */
const client = '127.0.0.77';
let farm: Backends;
let nginx: TestNginx;
let seeded: Seeded;
const sample = sampleNar('a');
const narinfo = `/${sample.path.slice(0, 32)}.narinfo`;

beforeAll(async () => {
  farm = await startBackends({
    GAMBESON_ACCEL_PREFIX: '/gambeson-nars',
    GAMBESON_ADMIN_TRUST: 'header',
    GAMBESON_TRUSTED_PROXIES: '127.0.0.1',
  });
  nginx = await deployedNginx(farm);
  const { database, logs } = farm.api.parts;
  seeded = await seedFarm(database, logs);
  const { service } = farm.substituter;
  const { path, nar, narHash } = sample;
  await service.putNar({ slug: 'nix', path, nar: whole(nar) });
  await service.offer('nix', { path, narHash, narSize: nar.length, references: [] });
}, 60_000);
afterAll(async () => {
  await nginx?.stop();
  await farm?.stop();
});

async function* whole(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

function ask(path: string, asked: Asked = {}): Promise<Answer> {
  return nginx.ask(path, { localAddress: client, ...asked });
}

/** Begins an upload and answers once the farm has taken its first half in. */
async function halfUploaded(
  path: string,
  bytes: Buffer,
): Promise<ReturnType<TestNginx['request']>> {
  const request = nginx.request(path, {
    method: 'PUT',
    headers: {
      'content-type': 'application/zstd',
      'content-length': bytes.length,
      authorization: `Bearer ${farm.substituter.serviceToken}`,
    },
  });
  request.write(bytes.subarray(0, bytes.length / 2));
  await answered('the first half to arrive', async () => {
    const staging = join(farm.substituter.data, 'nars', 'staging');
    const names = await readdir(staging);
    const sizes = await Promise.all(names.map((name) => readFile(join(staging, name))));
    return sizes.some((file) => file.length > 0) ? true : null;
  });
  return request;
}

describe('what everybody may read', () => {
  it.each([{ tls: false }, { tls: true }])('comes over HTTP and HTTPS: %p', async (over) => {
    const info = await ask('/nix-cache-info', over);
    expect([info.status, String(info.body)]).toEqual([200, expect.stringContaining('/nix/store')]);
    const told = await ask(narinfo, over);
    expect(told.status).toBe(200);
    const below = await ask(`/nix${narinfo}`, over);
    expect(String(below.body)).toBe(String(told.body));
    const url = /^URL: (.*)$/m.exec(String(told.body))![1]!;
    const nar = await ask(`/${url}`, over);
    expect(nar.status).toBe(200);
    expect(zstdDecompressSync(nar.body).equals(sample.nar)).toBe(true);
    const head = await ask(`/${url}`, { ...over, method: 'HEAD' });
    const length = String(nar.body.length);
    expect([head.status, head.headers['content-length']]).toEqual([200, length]);
    const miss = await ask(`/${'0'.repeat(32)}.narinfo`, over);
    expect([miss.status, Number(miss.headers['content-length']) > 0]).toEqual([404, true]);
  });

  it('is that of every store, as the dashboard’s own names are no store’s', async () => {
    const text = await readFile(join(deploy, 'gambeson', 'substitutes.conf'), 'utf8');
    const names = /\(\?!\(\?:([a-z|]+)\)\/\)/.exec(text)![1]!.split('|');
    expect(names).toContain('api');
    expect(names.filter(isStoreSlug)).toEqual([]);
    const other = await ask('/guix/nix-cache-info');
    expect([other.status, String(other.body)]).toEqual([
      200,
      expect.stringContaining('/gnu/store'),
    ]);
    for (const name of ['use', 'static', 'builds']) {
      expect(
        (await ask(`/${name}/nix-cache-info`)).headers['content-security-policy'],
      ).toBeDefined();
    }
  });

  it('is beside that of forges, whose signatures count and no certificates', async () => {
    const body = Buffer.alloc(9 * 1024 * 1024);
    const told = { method: 'POST', body, headers: { 'x-hub-signature-256': 'sha256=0' } };
    // 404: all of it came to the api, which knows no forge yet.
    expect((await ask('/webhooks/paths', told)).status).toBe(404);
    const event = await ask('/admin/forgejo/event', told);
    expect([event.status, String(event.body)]).toEqual([404, expect.stringContaining('"error"')]);
    expect((await ask('/admin/forgejo/events', { ...told, body: '' })).status).toBe(403);
  });

  it('is sent by nginx itself, whole or in parts, when the farm has said which file', async () => {
    const url = /^URL: (.*)$/m.exec(String((await ask(narinfo)).body))![1]!;
    const direct = await fetch(`${farm.substituter.address}/${url}`);
    const bytes = Buffer.from(await direct.arrayBuffer());
    expect(bytes.length).toBeGreaterThan(0);
    const nar = await ask(`/${url}`);
    // nginx's own mark of a file that it found on the disk.
    expect([nar.body.equals(bytes), nar.headers.etag]).toEqual([
      true,
      expect.stringMatching(/^"[0-9a-f]+-[0-9a-f]+"$/),
    ]);
    const part = await ask(`/${url}`, { headers: { range: 'bytes=5-' } });
    expect([part.status, part.body.equals(bytes.subarray(5))]).toEqual([206, true]);
    const hidden = await ask(`/gambeson-nars/files/${url.slice(4, 6)}/${url.slice(4)}`);
    expect(hidden.status).toBe(404);
  });

  it('is asked of the farm each time, so that each reading counts', async () => {
    for (const _ of [1, 2]) expect((await ask(narinfo)).status).toBe(200);
    const lines = (await log()).split('\n').filter((line) => line.includes(narinfo));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/ farm=200\/[0-9.]+ cache=- /);
  });

  it('goes without a client certificate, but not with a foreign one to the admins', async () => {
    expect((await ask('/')).status).toBe(200);
    expect((await ask('/admin')).status).toBe(403);
    expect((await ask('/admin/specification/add', { method: 'POST' })).status).toBe(403);
    const [ours, theirs] = await Promise.all([admin('ours'), admin('theirs')]);
    const ca = join(nginx.place.directory, 'tls', 'admins-ca.pem');
    await run('cp', [ours.certificate, ca]);
    await nginx.reload();
    const passed = await ask('/admin', ours.pair);
    // The farm's own answer: nobody has told it what they may do.
    expect([passed.status, passed.headers['content-security-policy']]).toEqual([
      403,
      expect.stringContaining("script-src 'self'"),
    ]);
    expect((await ask('/admin', theirs.pair)).status).toBe(400);
  });

  it('is handed out by nginx as the farm says, and runs in no browser', async () => {
    const [row] = await farm.api.parts.database.query<{ id: number; size: number }>(
      `insert into build_products (build_id, type, output, path, path_id, file_name, size, sha256,
         file_key, taken_at)
       select 1, 'page', 'out', '', p.id, 'page.html', n.file_size, 'abc', n.file_key, now()
         from store_paths p join nars n on n.path_id = p.id where p.path = $1 returning id, size`,
      [sample.path],
    );
    const answer = await ask(`/download/${row!.id}`);
    expect([answer.status, answer.body.length]).toEqual([200, row!.size]);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=43200',
      'content-disposition': 'attachment; filename="page.html"',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
    const part = await ask(`/download/${row!.id}`, { headers: { range: 'bytes=0-4' } });
    expect([part.status, part.body.length]).toEqual([206, 5]);
  });

  it('has certbot’s challenges beside it, before there is any HTTPS', async () => {
    const path = '/.well-known/acme-challenge/word';
    const other = { tls: false, headers: { host: 'other.example.org' } };
    for (const asked of [{ tls: false }, { tls: true }, other]) {
      expect(String((await ask(path, asked)).body)).toBe('said by certbot\n');
    }
  });

  it('is otherwise sent to HTTPS for good, with its method', async () => {
    for (const path of ['/', '/builds/1?x=1', '/api/v1/builds', '/admin', '/download/1']) {
      const sent = await ask(path, { tls: false });
      expect([sent.status, sent.headers.location]).toEqual([308, `${publicUrl}${path}`]);
    }
    const foreign = await ask(narinfo, { tls: false, headers: { host: 'other.example.org' } });
    expect(foreign.status).toBe(308);
  });

  it('keeps the style sheet, which never changes under its name', async () => {
    const page = String((await ask('/')).body);
    const sheet = /href="(\/static\/[^"]+\.css)"/.exec(page)![1]!;
    for (const _ of [1, 2]) expect((await ask(sheet)).status).toBe(200);
    expect(await log()).toMatch(new RegExp(`GET ${sheet.replaceAll('.', '\\.')} .* cache=HIT `));
  });
});

describe('what is written', () => {
  const large = sampleNar('b');
  /** Larger than what nginx takes unless told otherwise. */
  const contents = randomBytes(8 * 1024 * 1024);
  const noise: NarNode = { type: 'regular', executable: false, contents };
  const upload = { method: 'PUT', headers: { 'content-type': 'application/zstd' } };

  it('goes over HTTPS alone', async () => {
    const token = { authorization: `Bearer ${farm.substituter.serviceToken}` };
    const plain = { ...upload, headers: { ...upload.headers, ...token }, tls: false };
    const refused = await ask(`/nix/uploads/${large.path}`, { ...plain, body: large.compressed });
    expect(refused.status).toBe(403);
    const { status } = await ask(`/nix/uploads/${large.path}`, { ...upload, body: 'x' });
    expect(status).toBe(401);
  });

  it('arrives while it is sent, however large it is', async () => {
    const bytes = Buffer.from(zstdCompressSync(encodeNar(noise)));
    const request = await halfUploaded(`/nix/uploads/${large.path}`, bytes);
    request.end(bytes.subarray(bytes.length / 2));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(201);
  });

  it('reaches the API with its origin known, from our pages and no others', async () => {
    const { adminToken } = farm.api.parts;
    const from = (origin: string) => ({
      method: 'POST',
      headers: {
        authorization: `Bearer ${adminToken}`,
        origin,
        'content-type': 'application/json',
      },
      body: '{"note":"one"}',
    });
    expect((await ask('/api/v1/workers/tokens', from(publicUrl))).status).toBe(201);
    expect((await ask('/api/v1/workers/tokens', from('https://evil.example'))).status).toBe(403);
  });
});

describe('what stays open', () => {
  it('a log that grows is sent as it grows', async () => {
    const request = nginx.request(`/api/v1/builds/${seeded.builds.running}/log/stream`);
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.headers['content-type']).toContain('text/event-stream');
    let heard = '';
    response.on('data', (part: Buffer) => (heard += String(part)));
    await answered('the attempt', async () => (heard.includes('event: attempt') ? true : null));
    const attempt = `attempt-${seeded.attempts.running}` as const;
    await farm.api.parts.logs.append(attempt, 0, Buffer.from('a first line\n'));
    await answered('the line', async () => (heard.includes('a first line') ? true : null));
    expect(response.complete).toBe(false);
    request.destroy();
  });

  it('a worker speaks through it', async () => {
    const enrolled = await enrol('by-nginx');
    const address = `wss://127.0.0.1:${nginx.place.https}/api/v1/workers/connect`;
    const headers = { authorization: `Bearer ${enrolled}`, host: 'farm.example.org' };
    const socket = new WebSocket(address, { headers, rejectUnauthorized: false });
    await once(socket, 'open');
    const welcome = once(socket, 'message');
    const worker = { systems: ['x86_64-linux'], features: [], slots: 1, cores: 1, speed: 1 };
    const said = { type: 'hello', protocol: [1], version: 'x', backends: ['local'], attempts: [] };
    socket.send(JSON.stringify({ ...said, ...worker }));
    expect(JSON.parse(String((await welcome)[0]))).toMatchObject({ type: 'welcome' });
    socket.terminate();
  });
});

describe('the machine itself', () => {
  it('keeps no client’s whole address', async () => {
    await ask('/nowhere', { headers: { 'x-forwarded-for': '198.51.100.23' } });
    expect(await nginx.filesWith(client)).toEqual([]);
    expect(await log()).toContain('127.0.0.0 [');
  });

  it('starts before the first certificate, and takes each new one over', async () => {
    expect(await subject()).toBe('farm.example.org');
    const lineage = join(nginx.place.directory, 'lineage');
    await mkdir(lineage);
    await selfSigned(join(lineage, 'fullchain.pem'), join(lineage, 'privkey.pem'), 'renewed');
    const reloaded = { RENEWED_LINEAGE: lineage, NGINX: nginx.command.join(' ') };
    await nginx.reload(() => makeCertificate(nginx.place.directory, reloaded));
    expect(await subject()).toBe('renewed');
    await makeCertificate(nginx.place.directory);
    expect(await subject()).toBe('renewed');
    expect(await nginx.test()).toContain('syntax is ok');
  });
});

function log(): Promise<string> {
  return readFile(join(nginx.place.directory, 'logs', 'gambeson-access.log'), 'utf8');
}

async function selfSigned(certificate: string, key: string, name: string): Promise<void> {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', key, '-out', certificate];
  await run('openssl', ['req', '-x509', ...curve, '-days', '2', '-subj', `/CN=${name}`, ...files]);
}

async function admin(name: string): Promise<{ certificate: string; pair: Asked }> {
  const certificate = join(nginx.place.directory, `${name}.pem`);
  const key = join(nginx.place.directory, `${name}.key`);
  await selfSigned(certificate, key, name);
  return { certificate, pair: { cert: await readFile(certificate), key: await readFile(key) } };
}

async function subject(): Promise<string> {
  const port = nginx.place.https;
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket: TLSSocket = connectTls({ ...options, servername: 'farm.example.org' });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

async function enrol(name: string): Promise<string> {
  const headers = {
    authorization: `Bearer ${farm.api.parts.adminToken}`,
    'content-type': 'application/json',
  };
  const post = async (path: string, body: object): Promise<Record<string, string>> =>
    JSON.parse(
      String((await ask(path, { method: 'POST', headers, body: JSON.stringify(body) })).body),
    ) as Record<string, string>;
  const { token } = await post('/api/v1/workers/tokens', { note: name });
  const made = await post('/api/v1/workers/enrol', { token, name });
  return made['credential']!;
}
