/** /admin behind deploy/nginx, with client certificates made by `gambeson cert`. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditQueries } from '#adapters/postgres/audit-queries.js';
import { answered } from '#testkit/eventually.js';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import {
  addSpecification,
  Answers,
  backendsOf,
  formToken,
  installAuthority,
  isActive,
  makeCertificates,
  tryChange,
  type Certificates,
  type Pair,
  type Tried,
} from './admin-farm.js';
import { deployedNginx, publicUrl } from './nginx-farm.js';
import type { TestNginx } from './nginx-support.js';

let directory: string;
let api: ApiFarm;
let nginx: TestNginx;
let certificates: Certificates;
const answers = new Answers();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-admin-'));
  const peopleFile = join(directory, 'admins.json');
  const people = [
    { subject: 'CN=ada,O=Farm', name: 'ada', role: 'admin' },
    { subject: 'CN=vic,O=Farm', role: 'viewer' },
  ];
  await writeFile(peopleFile, JSON.stringify({ people }));
  const socket = join(directory, 'admin.sock');
  [api, certificates] = await Promise.all([
    startApiFarm({
      GAMBESON_ADMIN_TRUST: 'header',
      GAMBESON_ADMIN_SOCKET: socket,
      GAMBESON_ADMINS_FILE: peopleFile,
      GAMBESON_URL: publicUrl,
    }),
    makeCertificates(join(directory, 'certificates')),
  ]);
  nginx = await deployedNginx(backendsOf(api), 'farm.example.org', {
    changes: { ...byTheSocket(socket), '# ssl_crl': 'ssl_crl' },
    prepare: (place) => installAuthority(certificates, join(place.directory, 'tls')),
  });
}, 60_000);
afterAll(async () => {
  await answers.keep('admin-nginx.txt');
  await nginx?.stop();
  await api?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** As the comment there tells it. */
function byTheSocket(socket: string): Record<string, string> {
  const upstream = 'upstream gambeson_admin {\n ';
  const comment = '# server unix:/run/gambeson/admin.sock;\n';
  return { [`${comment}${upstream} server 127.0.0.1:8081;`]: `${upstream} server unix:${socket};` };
}

let count = 0;
/** A change by these means to a specification of its own: its status, and whether it was made. */
async function changed(what: string, tried: Tried): Promise<[status: number, made: boolean]> {
  const name = `try-${(count += 1)}`;
  await addSpecification(api, name);
  const status = answers.note(what, await tryChange(nginx, name, tried));
  return [status, !(await isActive(api, name))];
}

function form(name: 'ada' | 'vic' = 'ada'): string {
  const { fingerprint } = certificates[name];
  // What nobody named in the file is called is the name in the certificate.
  return formToken(api, { via: 'certificate', name, fingerprint });
}

describe('/admin behind nginx', () => {
  it('lets in who has a good certificate, and knows by which', async () => {
    expect(await changed('the certificate of ada', { ...pairOf('ada'), body: form() })).toEqual([
      302,
      true,
    ]);
    const newest = { limit: 1, action: 'specification.pause' };
    const entry = await answered('an entry', async () => {
      return (await new AuditQueries(api.parts.database).list(newest))[0] ?? null;
    });
    const { fingerprint } = certificates.ada;
    expect(entry.actor).toMatchObject({ name: 'ada', role: 'admin', fingerprint });
    const page = await nginx.ask('/admin', pairOf('ada'));
    expect(answers.note('GET /admin as ada', page)).toBe(200);
    expect(String(page.body)).toMatch(/, good for \d+ more days?/);
  });

  it.each<[what: string, who: keyof Certificates | null, status: number]>([
    ['no certificate', null, 403],
    ['one that was revoked', 'revoked', 400],
    ['one that has run out', 'expired', 400],
    ['one of another authority with the subject of ada', 'foreign', 400],
    ['a good one of somebody whom nobody knows', 'eve', 403],
    ['a good one of a viewer', 'vic', 403],
  ])('keeps out %s', async (what, who, status) => {
    const pair = who === null ? {} : pairOf(who);
    const body = who === 'vic' ? form('vic') : form();
    expect(await changed(what, { ...pair, body })).toEqual([status, false]);
  });

  const spoofed: readonly (readonly [string, Record<string, string | string[]>])[] = [
    [
      'as nginx spells it',
      { 'X-SSL-Client-Verify': 'SUCCESS', 'X-SSL-Client-S-DN': 'CN=ada,O=Farm' },
    ],
    ['in odd case', { 'x-ssl-CLIENT-verify': 'SUCCESS' }],
    ['twice', { 'X-SSL-Client-Verify': ['SUCCESS', 'SUCCESS'] }],
    ['joined', { 'X-SSL-Client-Verify': 'NONE, SUCCESS' }],
    ['as RFC 9440 has it', { 'Client-Cert': ':AAAA:' }],
  ];
  it.each(spoofed)('refuses headers of a client, on every route: %s', async (what, headers) => {
    for (const path of [
      '/',
      '/admin',
      '/api/v1/builds',
      '/static/x.css',
      '/download/1',
      '/queue',
    ]) {
      for (const pair of [{}, pairOf('vic')]) {
        const answer = await nginx.ask(path, { ...pair, headers });
        expect(answers.note(`${path} with headers ${what}`, answer)).toBe(400);
      }
    }
    expect(await changed(`a change with headers ${what}`, { headers, body: form() })).toEqual([
      400,
      false,
    ]);
  });

  it('drops headers with underscores, which the farm refuses when they come directly', async () => {
    const headers = { X_SSL_Client_Verify: 'SUCCESS', X_SSL_Client_S_DN: 'CN=ada,O=Farm' };
    expect((await changed('underscores through nginx', { headers, body: form() }))[1]).toBe(false);
    for (const path of ['/', '/admin', '/api/v1/builds']) {
      const { status } = await fetch(`${api.address}${path}`, { headers });
      expect([path, status]).toEqual([path, 403]);
    }
  });

  it.each<[what: string, headers: Record<string, string>, body: () => string]>([
    ['without a token', {}, () => ''],
    ['with a token that was made up', {}, () => '_csrf=1.x'],
    ['of another site', { origin: 'https://evil.example.org' }, form],
    ['of another site, as fetch metadata tells', { 'sec-fetch-site': 'cross-site' }, form],
    ['of a page without an origin', { origin: 'null' }, form],
  ])('refuses a change %s', async (what, headers, body) => {
    const tried = { ...pairOf('ada'), headers, body: body() };
    expect(await changed(`a change ${what}`, tried)).toEqual([403, false]);
  });

  it('changes nothing by a GET', async () => {
    expect((await changed('a GET', { ...pairOf('ada'), method: 'GET' }))[1]).toBe(false);
  });

  it.each([
    '/ADMIN',
    '//admin',
    '/%61dmin',
    '/x/../admin',
    '/admin;x',
    '/./admin',
    '/x/..%2fadmin',
  ])('is not reached without a certificate as %s', async (start) => {
    const name = `slip-${(count += 1)}`;
    await addSpecification(api, name);
    const path = `${start}/specifications/deactivate/${name}`;
    const answer = await tryChange(nginx, name, { path, body: form() });
    expect([400, 403]).toContain(answers.note(path, answer));
    expect(await isActive(api, name)).toBe(true);
  });

  it('keeps out who was let in, once nginx has read that the certificate is revoked', async () => {
    await certificates.authority.revoke('vic', 'unspecified', 10);
    const crl = join(nginx.place.directory, 'tls', 'admins-crl.pem');
    expect((await nginx.ask('/admin', pairOf('vic'))).status).toBe(200);
    await cp(join(certificates.directory, 'ours', 'crl.pem'), crl);
    await nginx.reload();
    expect(answers.note('vic after the revocation', await nginx.ask('/admin', pairOf('vic')))).toBe(
      400,
    );
  });
});

function pairOf(who: keyof Certificates): Pair {
  const { cert, key } = certificates[who] as Pair;
  return { cert: cert!, key: key! };
}
