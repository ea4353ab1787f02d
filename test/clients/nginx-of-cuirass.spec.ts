/**
 * The nginx of a public Cuirass farm, of which nothing but hosts, ports and paths was changed,
 * before an api and a substituter.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { answered } from '#testkit/eventually.js';
import { seedFarm, type Seeded } from '../integration/seeded-farm.js';
import { sampleNar } from '../integration/substituter-harness.js';
import { makeCertificate, publicUrl, run, startBackends, type Backends } from './nginx-farm.js';
import { TestNginx, type NginxPlace } from './nginx-support.js';

const folder = fileURLToPath(new URL('../fixtures/nginx', import.meta.url));
const full = process.env['GAMBESON_TEST_FULL'] === '1';
/** The proxy's read time-out. */
const patienceMillis = 10_000;
let farm: Backends;
let nginx: TestNginx;
let seeded: Seeded;
const sample = sampleNar('c');
const narinfo = `/${sample.path.slice(0, 32)}.narinfo`;

beforeAll(async () => {
  farm = await startBackends();
  nginx = await TestNginx.start({
    folder,
    main: 'cuirass-farm.conf',
    changes: changesFor,
    // It may not put its process id where the machine's own nginx has it.
    more: ({ directory }) => `daemon off; pid ${join(directory, 'nginx.pid')};`,
    prepare,
  });
  seeded = await seedFarm(farm.api.parts.database, farm.api.parts.logs);
  const { path, nar, narHash } = sample;
  const bytes = (async function* () {
    yield nar;
  })();
  await farm.substituter.service.putNar({ slug: 'nix', path, nar: bytes });
  const offer = { path, narHash, narSize: nar.length, references: [] };
  await farm.substituter.service.offer('nix', offer);
}, 60_000);
afterAll(async () => {
  await nginx?.stop();
  await farm?.stop();
});

function changesFor({ directory, http, https }: NginxPlace): Record<string, string> {
  const portOf = (address: string): string => `localhost:${new URL(address).port}`;
  return {
    'listen 80': `listen 127.0.0.1:${http}`,
    'listen 443': `listen 127.0.0.1:${https}`,
    'localhost:8081': portOf(farm.api.address),
    'localhost:3000': portOf(farm.substituter.address),
    '/var/cache/nginx': directory,
    '/var/run/anonip': join(directory, 'logs'),
    '/etc/letsencrypt/live/farm.example.org': join(directory, 'tls'),
    '/etc/dhparams.pem': join(directory, 'dhparams.pem'),
    '/etc/ssl-ca/certs/ca.crt': join(directory, 'tls', 'admins-ca.pem'),
    '/srv/farm': join(directory, 'srv'),
    '/var/www': join(directory, 'www'),
  };
}

async function prepare({ directory }: NginxPlace): Promise<void> {
  await makeCertificate(directory);
  const group = ['-algorithm', 'DH', '-pkeyopt', 'group:ffdhe2048'];
  await run('openssl', ['genpkey', '-genparam', ...group, '-out', join(directory, 'dhparams.pem')]);
  await mkdir(join(directory, 'srv'));
  await writeFile(join(directory, 'srv', 'robots.txt'), 'User-agent: *\n');
}

const both = [{ tls: false }, { tls: true }];

describe('the nginx of a Cuirass farm', () => {
  it('holds, and starts', async () => {
    expect(await nginx.test()).toContain('test is successful');
  });

  it.each(both)('passes substitutes on: %p', async (over) => {
    const info = await nginx.ask('/nix-cache-info', over);
    expect([info.status, String(info.body)]).toEqual([200, expect.stringContaining('StoreDir')]);
    const told = await nginx.ask(narinfo, over);
    expect(told.status).toBe(200);
    const url = /^URL: (.*)$/m.exec(String(told.body))![1]!;
    const nar = await nginx.ask(`/${url}`, over);
    expect(zstdDecompressSync(nar.body).equals(sample.nar)).toBe(true);
    const miss = await nginx.ask(`/${'0'.repeat(32)}.narinfo`, over);
    expect([miss.status, Number(miss.headers['content-length']) > 0]).toEqual([404, true]);
    expect(String((await nginx.ask('/robots.txt', over)).body)).toBe('User-agent: *\n');
  });

  it.each(both)('passes the dashboard on: %p', async (over) => {
    const home = await nginx.ask('/', over);
    expect(home.status).toBe(200);
    const sheet = /href="(\/static\/[^"]+\.css)"/.exec(String(home.body))![1]!;
    for (const _ of [1, 2]) expect((await nginx.ask(sheet, over)).status).toBe(200);
    const { ok } = seeded.builds;
    const browser = { ...over, headers: { accept: 'text/html' } };
    expect((await nginx.ask(`/build/${ok}`, browser)).headers.location).toBe(`/builds/${ok}`);
    const program = await nginx.ask(`/build/${ok}`, over);
    expect(JSON.parse(String(program.body))).toMatchObject({ id: ok, buildstatus: 0 });
    const build = await nginx.ask(`/api/v1/builds/${ok}`, over);
    expect(JSON.parse(String(build.body))).toMatchObject({ id: String(ok) });
    expect((await nginx.ask('/download/4711', over)).status).toBe(404);
    expect((await nginx.ask('/admin/specification/add', over)).status).toBe(403);
  });

  it('sends other names to HTTPS', async () => {
    const sent = await nginx.ask('/', { tls: false, headers: { host: 'other.example.org' } });
    expect([sent.status, sent.headers.location]).toEqual([308, 'https://other.example.org/']);
  });

  it('lets our pages write, though it tells the farm neither its name nor who asks', async () => {
    const body = '{"note":"one"}';
    const type = { 'content-type': 'application/json', origin: publicUrl };
    const post = { method: 'POST', body };
    const path = '/api/v1/workers/tokens';
    const token = { authorization: `Bearer ${farm.api.parts.adminToken}` };
    const written = await nginx.ask(path, { ...post, headers: { ...type, ...token } });
    expect(written.status).toBe(201);
    expect((await nginx.ask(path, { ...post, headers: type })).status).toBe(401);
    const evil = { ...type, ...token, origin: 'https://evil.example' };
    expect((await nginx.ask(path, { ...post, headers: evil })).status).toBe(403);
  });

  it('has the store of a farm of Guix at its root, when that store is told so', async () => {
    const tell = (host: string | null) =>
      nginx.ask('/api/v1/stores/guix', {
        method: 'PATCH',
        headers: {
          ...{ 'content-type': 'application/json', origin: publicUrl, 'if-match': '*' },
          authorization: `Bearer ${farm.api.parts.adminToken}`,
        },
        body: JSON.stringify({ host }),
      });
    const hasRoot = (dir: string): Promise<true> =>
      answered(`${dir} at the root`, async () => {
        const { body } = await nginx.ask('/nix-cache-info');
        return String(body).includes(`StoreDir: ${dir}\n`) ? true : null;
      });
    // The name under which nginx reaches the substituter: it passes no other.
    expect((await tell('localhost')).status).toBe(200);
    await hasRoot('/gnu/store');
    expect((await tell(null)).status).toBe(200);
    await hasRoot('/nix/store');
  });

  it(
    'does not hold back or cut a log that grows slowly',
    async () => {
      const request = nginx.request(`/api/v1/builds/${seeded.builds.running}/log/stream`);
      const begun = performance.now();
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      let heard = '';
      response.on('data', (part: Buffer) => (heard += String(part)));
      const hear = (what: string): Promise<true> =>
        answered(what, async () => (heard.includes(what) ? true : null));
      await hear('event: attempt');
      const awake = full ? 3 : 0;
      for (let beat = 0; beat < awake; beat += 1) {
        heard = '';
        await hear(':');
      }
      if (full) expect(performance.now() - begun).toBeGreaterThan(patienceMillis);
      const attempt = `attempt-${seeded.attempts.running}` as const;
      await farm.api.parts.logs.append(attempt, 0, Buffer.from('a line after silence\n'));
      await hear('a line after silence');
      expect(response.complete).toBe(false);
      request.destroy();
    },
    4 * patienceMillis,
  );

  it(
    'has its answer in time when the database is away',
    async () => {
      await farm.api.stopPostgres();
      const paths = ['/', '/api/v1/builds', `/${'1'.repeat(32)}.narinfo`, narinfo];
      const answers = await Promise.all(paths.map((path) => nginx.ask(path)));
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 200]);
    },
    3 * patienceMillis,
  );
});
