/**
 * /admin behind the nginx of a Cuirass farm, which lets in who shows a certificate and does not say
 * whose it is: GAMBESON_ADMIN_TRUST=proxy.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import {
  addSpecification,
  Answers,
  formToken,
  installAuthority,
  isActive,
  makeCertificates,
  tryChange,
  type Certificates,
  type Pair,
} from './admin-farm.js';
import { makeCertificate, publicUrl, run } from './nginx-farm.js';
import { TestNginx, type NginxPlace } from './nginx-support.js';

const folder = fileURLToPath(new URL('../fixtures/nginx', import.meta.url));
let directory: string;
let api: ApiFarm;
let nginx: TestNginx;
let certificates: Certificates;
const answers = new Answers();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-admin-'));
  [api, certificates] = await Promise.all([
    startApiFarm({
      GAMBESON_ADMIN_TRUST: 'proxy',
      GAMBESON_TRUSTED_PROXIES: '127.0.0.1',
      GAMBESON_URL: publicUrl,
    }),
    makeCertificates(join(directory, 'certificates')),
  ]);
  nginx = await TestNginx.start({
    ...{ folder, main: 'cuirass-farm.conf', changes: changesFor, prepare },
    more: (place) => `daemon off; pid ${join(place.directory, 'nginx.pid')};`,
  });
}, 60_000);
afterAll(async () => {
  await answers.keep('admin-nginx-of-cuirass.txt');
  await nginx?.stop();
  await api?.stop();
  await rm(directory, { recursive: true, force: true });
});

function changesFor(place: NginxPlace): Record<string, string> {
  const tls = join(place.directory, 'tls');
  return {
    'listen 80': `listen 127.0.0.1:${place.http}`,
    'listen 443': `listen 127.0.0.1:${place.https}`,
    'localhost:8081': `localhost:${new URL(api.address).port}`,
    '/var/cache/nginx': place.directory,
    '/var/run/anonip': join(place.directory, 'logs'),
    '/etc/letsencrypt/live/farm.example.org': tls,
    '/etc/dhparams.pem': join(place.directory, 'dhparams.pem'),
    '/etc/ssl-ca/certs/ca.crt': join(tls, 'admins-ca.pem'),
  };
}

async function prepare(place: NginxPlace): Promise<void> {
  await installAuthority(certificates, join(place.directory, 'tls'));
  await makeCertificate(place.directory);
  const group = ['-algorithm', 'DH', '-pkeyopt', 'group:ffdhe2048'];
  const file = join(place.directory, 'dhparams.pem');
  await run('openssl', ['genpkey', '-genparam', ...group, '-out', file]);
  await mkdir(join(place.directory, 'srv'));
}

let count = 0;

async function changed(
  what: string,
  tried: object,
  path = (name: string) => `/admin/specifications/deactivate/${name}`,
): Promise<[status: number, made: boolean]> {
  const name = `try-${(count += 1)}`;
  await addSpecification(api, name);
  const answer = await tryChange(nginx, name, { path: path(name), ...tried });
  return [answers.note(what, answer), !(await isActive(api, name))];
}

const body = () => formToken(api, { via: 'proxy', name: 'admin', fingerprint: null });

function ada(): Pair {
  const { cert, key } = certificates.ada;
  return { cert: cert!, key: key! };
}

describe('/admin behind an nginx that says nobody’s name', () => {
  it('is for whoever it lets in', async () => {
    expect(await changed('a good certificate', { ...ada(), body: body() })).toEqual([302, true]);
    expect(answers.note('GET /admin', await nginx.ask('/admin', ada()))).toBe(200);
  });

  it('is for nobody else, over TLS and without', async () => {
    expect(await changed('no certificate', { body: body() })).toEqual([403, false]);
    expect(await changed('no TLS', { tls: false, body: body() })).toEqual([403, false]);
    const { foreign, expired } = certificates;
    expect((await changed('of others', { ...pair(foreign), body: body() }))[1]).toBe(false);
    expect((await changed('run out', { ...pair(expired), body: body() }))[1]).toBe(false);
  });

  it('is changed from our own pages alone', async () => {
    expect(await changed('no token', { ...ada(), body: '' })).toEqual([403, false]);
    const evil = { ...ada(), body: body(), headers: { origin: 'https://evil.example.org' } };
    expect(await changed('of another site', evil)).toEqual([403, false]);
  });

  it.each([
    ...[
      '/ADMIN',
      '/Admin',
      '//admin',
      '/%61dmin',
      '/%2561dmin',
      '/x/../admin',
      '/admin;x',
      '/./admin',
    ],
    ...['/x/..%2fadmin', '/%2fadmin', '/.%2fadmin', '/admin%2f', '/x;/../admin', '/%5cadmin'],
  ])('is not reached without a certificate as %s', async (start) => {
    for (const tls of [true, false]) {
      const path = (name: string) => `${start}/specifications/deactivate/${name}`;
      const [status, made] = await changed(start, { tls, body: body() }, path);
      expect(made).toBe(false);
      expect([400, 403]).toContain(status);
    }
  });

  it('believes no header that says who somebody is, on any route', async () => {
    const headers = { 'X-SSL-Client-Verify': 'SUCCESS', 'X-SSL-Client-S-DN': 'CN=ada' };
    for (const path of ['/', '/queue', '/api/v1/builds', '/jobset/x', '/download/1']) {
      const answer = await nginx.ask(path, { headers });
      expect(answers.note(`${path} with headers`, answer)).toBe(403);
    }
    expect(await changed('a change with headers', { headers, body: body() })).toEqual([403, false]);
  });
});

function pair({ cert, key }: Pair): Pair {
  return { cert: cert!, key: key! };
}
