/** Whom /admin believes who somebody is, asked as proxies and as strangers ask it. */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditQueries } from '#adapters/postgres/audit-queries.js';
import type { Actor } from '#domain/access/actor.js';
import { answered } from '#testkit/eventually.js';
import { forgeryField, ForgeryTokens } from '../../apps/api/access/forgery.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

let farm: ApiFarm;
let audit: AuditQueries;
let directory: string;
const proxy = '127.0.0.2';
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
const fingerprints = { ada: 'a'.repeat(40), bob: 'b'.repeat(40), vic: 'c'.repeat(40) };
const people = {
  people: [
    { subject: 'CN=ada,O=Farm', name: 'ada', role: 'admin' },
    { fingerprint: fingerprints.bob, role: 'maintainer', specifications: ['guix'] },
    { subject: 'CN=vic', fingerprint: fingerprints.vic, role: 'viewer' },
  ],
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-identity-'));
  await writeFile(join(directory, 'admins.json'), JSON.stringify(people));
  farm = await startApiFarm({
    GAMBESON_ADMIN_TRUST: 'header',
    GAMBESON_TRUSTED_PROXIES: proxy,
    GAMBESON_ADMIN_SOCKET: join(directory, 'admin.sock'),
    GAMBESON_ADMINS_FILE: join(directory, 'admins.json'),
    GAMBESON_URL: 'https://ci.example.org',
    GAMBESON_ADMIN_URL: 'https://farm.example.org',
  });
  audit = new AuditQueries(farm.parts.database);
  for (const name of ['guix', 'nix']) await addSpecification(name);
}, 60_000);
afterAll(async () => {
  agent.destroy();
  await farm?.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Asked {
  readonly method?: string;
  readonly host?: string;
  readonly path: string;
  /** Names and values in turn, as they go over the wire. */
  readonly headers?: readonly string[];
  readonly from?: string;
  readonly socket?: string;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(asked: Asked): Promise<Answer> {
  const { method = 'GET', path, headers = [], from, socket, body } = asked;
  const { host = 'farm.example.org' } = asked;
  const { hostname, port } = new URL(farm.address);
  const reached = socket === undefined ? { host: hostname, port, agent } : { socketPath: socket };
  const form = body === undefined ? [] : ['Content-Type', 'application/x-www-form-urlencoded'];
  const length = ['Content-Length', String(Buffer.byteLength(body ?? ''))];
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ ...reached, method, path },
      ...(from !== undefined && { localAddress: from, agent: false }),
      headers: ['Host', host, ...form, ...length, ...headers],
    });
    sent.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.end(body);
  });
}

async function addSpecification(name: string): Promise<void> {
  const response = await fetch(`${farm.address}/api/v1/specifications`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${farm.parts.adminToken}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      ...{ name, backend: 'local', selection: { file: 'farm.json' } },
      channels: [{ name: 'main', url: 'https://example.org/main.git' }],
    }),
  });
  expect(response.status).toBe(201);
}

function shown(subject: string, fingerprint: string, verify = 'SUCCESS'): string[] {
  return [
    ...['X-SSL-Client-Verify', verify, 'X-SSL-Client-S-DN', subject],
    ...['X-SSL-Client-Fingerprint', fingerprint, 'X-SSL-Client-Serial', '0A'],
  ];
}

const ada = shown('CN=ada,O=Farm', fingerprints.ada);
const own = ['Origin', 'https://farm.example.org'];
const pause = { method: 'POST', path: '/admin/specifications/deactivate/guix' };

function tokenFor(name: string, fingerprint: string): string {
  const actor: Actor = {
    ...{ name, via: 'certificate', role: 'viewer', specifications: [] },
    ...{ token: null, fingerprint },
  };
  return new ForgeryTokens(farm.parts.serviceToken).of(actor, Date.now());
}

describe('an identity that nobody vouches for', () => {
  const spellings: readonly (readonly [what: string, headers: readonly string[]])[] = [
    ['as nginx spells it', ada],
    ['in lower case', ada.map((word, index) => (index % 2 === 0 ? word.toLowerCase() : word))],
    ['in odd case', ['x-sSl-cLiEnT-vErIfY', 'SUCCESS']],
    ['with underscores', ['X_SSL_Client_Verify', 'SUCCESS', 'X_SSL_Client_S_DN', 'CN=ada,O=Farm']],
    ['in one mixed word', ['X-SSL_Client-Verify', 'SUCCESS']],
    ['twice', [...ada, ...ada]],
    ['joined by a comma', ['X-SSL-Client-Verify', 'NONE, SUCCESS']],
    ['empty', ['X-SSL-Client-Verify', '']],
    ['as RFC 9440 has it', ['Client-Cert', ':AAAA:']],
    ['as its chain', ['client_cert_chain', ':AAAA:']],
  ];

  it.each(spellings)(
    'is refused on every route: %s',
    async (_what, headers) => {
      const routes = farm.routes.filter(({ method }) => method !== 'TRACE');
      expect(routes.length).toBeGreaterThan(100);
      const let_in: string[] = [];
      for (const { method, url } of routes) {
        const path = url.replaceAll(/:\w+/g, '1').replaceAll('*', 'x');
        const { status } = await ask({ method, path, headers });
        if (status !== 400 && status !== 403) let_in.push(`${method} ${path} ${status}`);
      }
      expect(let_in).toEqual([]);
    },
    60_000,
  );

  it('is refused from the proxy, too, beyond /admin', async () => {
    expect((await ask({ path: '/api/v1/specifications', headers: ada, from: proxy })).status).toBe(
      403,
    );
  });
});

describe('an identity of the proxy', () => {
  it('opens what its role opens, and stands in the audit log', async () => {
    const body = `${forgeryField}=${tokenFor('ada', fingerprints.ada)}`;
    const asked = { ...pause, headers: [...ada, ...own], from: proxy, body };
    expect((await ask(asked)).status).toBe(302);
    // Cuirass's addresses answer before it is written.
    const written = { limit: 1, action: 'specification.pause' };
    const entry = await answered('an entry', async () => (await audit.list(written))[0] ?? null);
    expect(entry).toMatchObject({
      subject: 'specification/guix',
      actor: { name: 'ada', via: 'certificate', role: 'admin', fingerprint: fingerprints.ada },
      before: { active: true },
      after: { active: false },
    });
    expect(JSON.stringify(entry)).not.toContain(forgeryField);
  });

  it('tells its holder for how long the certificate is good, where the proxy says so', async () => {
    const page = async (days: string) => {
      const headers = [...ada, 'X-SSL-Client-V-Remain', days];
      return (await ask({ path: '/admin', headers, from: proxy })).text;
    };
    expect(await page('200')).toContain('ada, by a certificate: admin, good for 200 more days');
    expect(await page('1')).toContain('<strong>, good for 1 more day: have it renewed</strong>');
    for (const odd of ['', '-1', 'soon']) expect(await page(odd)).not.toContain('good for');
  });

  it('bound to a specification opens that one alone', async () => {
    const who = shown('CN=bob', fingerprints.bob.toUpperCase());
    const body = `${forgeryField}=${tokenFor('bob', fingerprints.bob)}`;
    const asked = { ...pause, headers: [...who, ...own], from: proxy, body };
    expect((await ask(asked)).status).toBe(302);
    const other = await ask({ ...asked, path: '/admin/specifications/deactivate/nix' });
    expect([other.status, other.text]).toEqual([403, expect.stringContaining('guix alone')]);
  });

  it.each([
    ['a viewer', shown('CN=vic', fingerprints.vic), 403],
    [
      'somebody whose subject is right and whose fingerprint is not',
      shown('CN=vic', fingerprints.ada),
      403,
    ],
    ['somebody whom nobody knows', shown('CN=eve', 'e'.repeat(40)), 403],
    ['ada of elsewhere', shown('CN=ada,O=Elsewhere', fingerprints.ada), 403],
    ['ada by what a value holds', shown('CN=ada\\,O=Farm', fingerprints.ada), 403],
    ['one that is doubled', [...ada, 'X-SSL-Client-S-DN', 'CN=bob'], 400],
    ['one that is joined', shown('CN=ada,O=Farm', `${fingerprints.ada}, ${fingerprints.bob}`), 400],
    ['one with underscores beside it', [...ada, 'x_ssl_client_verify', 'SUCCESS'], 400],
    [
      'one that has run out',
      shown('CN=ada,O=Farm', fingerprints.ada, 'FAILED:certificate has expired'),
      403,
    ],
    ['one that was not asked for', shown('CN=ada,O=Farm', fingerprints.ada, 'NONE'), 401],
    ['half of one', ['X-SSL-Client-Verify', 'SUCCESS'], 400],
    ['nobody', [], 401],
  ])('opens nothing to %s', async (_who, headers, status) => {
    const body = `${forgeryField}=${tokenFor('ada', fingerprints.ada)}`;
    const answer = await ask({ ...pause, headers: [...headers, ...own], from: proxy, body });
    expect(answer.status).toBe(status);
  });

  it('counts on the socket of /admin, which its group alone reaches', async () => {
    const socket = join(directory, 'admin.sock');
    expect((await readdir(directory)).sort()).toEqual(['admin.sock', 'admins.json']);
    expect((await stat(socket)).mode & 0o777).toBe(0o660);
    const body = `${forgeryField}=${tokenFor('ada', fingerprints.ada)}`;
    expect((await ask({ ...pause, headers: [...ada, ...own], socket, body })).status).toBe(302);
    expect((await ask({ path: '/api/v1/specifications', headers: ada, socket })).status).toBe(200);
  });

  it('is read anew when the file of people changes; a broken one keeps all out', async () => {
    const file = join(directory, 'admins.json');
    const body = `${forgeryField}=${tokenFor('ada', fingerprints.ada)}`;
    const asked = { ...pause, headers: [...ada, ...own], from: proxy, body };
    await writeFile(file, '{"people": [{"subject": "CN=ada,O=Farm"}]}');
    expect((await ask(asked)).status).toBe(403);
    await writeFile(file, JSON.stringify(people));
    expect((await ask(asked)).status).toBe(302);
  });
});

describe('a change by a certificate', () => {
  const good = () => `${forgeryField}=${tokenFor('ada', fingerprints.ada)}`;

  it.each<[what: string, headers: readonly string[], body: () => string | undefined]>([
    ['without a token', own, () => undefined],
    ['with an empty one', own, () => `${forgeryField}=`],
    [
      'with the token of another',
      own,
      () => `${forgeryField}=${tokenFor('bob', fingerprints.bob)}`,
    ],
    ['with a token that was altered', own, () => `${good()}x`],
    ['of another site', ['Origin', 'https://evil.example.org'], good],
    ['of another site that hides itself', ['Origin', 'null'], good],
    ['of another site by what the browser tells', ['Sec-Fetch-Site', 'cross-site'], good],
    ['of another host of ours', ['Sec-Fetch-Site', 'same-site', ...own], good],
    ['that tells nothing of where it comes from', [], good],
  ])('%s is refused', async (_what, headers, body) => {
    const sent = body();
    const answer = await ask({
      ...{ ...pause, headers: [...ada, ...headers], from: proxy },
      ...(sent !== undefined && { body: sent }),
    });
    expect(answer.status).toBe(403);
  });

  it('is not made by a GET', async () => {
    expect((await ask({ path: pause.path, headers: [...ada, ...own], from: proxy })).status).toBe(
      405,
    );
  });
});

describe('a name that a stranger points at a trusted machine', () => {
  const evil = 'rebound.example.net';

  it('opens nothing to his page in its browser, though Origin and Host agree', async () => {
    const body = `${forgeryField}=${tokenFor('ada', fingerprints.ada)}`;
    const headers = [...ada, 'Origin', `http://${evil}`, 'Sec-Fetch-Site', 'same-origin'];
    const change = await ask({ ...pause, host: evil, headers, from: proxy, body });
    expect([change.status, change.text]).toEqual([403, expect.stringContaining('GAMBESON_URL')]);
    const read = { path: '/admin/settings', headers: ada, from: proxy };
    for (const host of [evil, `${evil}:8081`, 'farm.example.org.', 'farm.example.org@evil.net']) {
      expect([host, (await ask({ ...read, host })).status]).toEqual([host, 403]);
    }
    const proxies = [
      'farm.example.org',
      'FARM.example.org:443',
      'api:8081',
      '127.0.0.1',
      '[::1]:1',
    ];
    for (const host of proxies) {
      expect([host, (await ask({ ...read, host })).status]).toEqual([host, 200]);
    }
  });

  it('writes nothing where the proxy passes a name of its own', async () => {
    const body = `${forgeryField}=${tokenFor('ada', fingerprints.ada)}`;
    const others = ['http://127.0.0.1:8081', 'http://farm.example.org', 'https://ci.example.org'];
    for (const origin of others) {
      const headers = [...ada, 'Origin', origin];
      const sent = { ...pause, host: '127.0.0.1:8081', headers, from: proxy, body };
      expect((await ask(sent)).status).toBe(403);
    }
    const good = { ...pause, host: '127.0.0.1:8081', headers: [...ada, ...own], from: proxy };
    expect((await ask({ ...good, body })).status).toBe(302);
  });
});

describe('an address that reads like /admin', () => {
  it.each([
    ...['/ADMIN/x', '//admin/x', '/%61dmin/x', '/x/../admin/x', '/admin;x/y', '/./admin/x'],
    ...[
      '/admin%2Fx',
      '/admin/..%2fadmin/x',
      '/x%2f..%2fadmin',
      '/%2561dmin',
      '/admin//x',
      '/\\admin',
    ],
    'http://farm.example.org/%61dmin/x',
  ])('and is spelt %s is refused, from anybody', async (path) => {
    for (const from of [proxy, undefined]) {
      const answer = await ask({ path, ...(from !== undefined && { from }) });
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        400,
        expect.objectContaining({ type: 'urn:gambeson:problem:ambiguous-address' }),
      ]);
    }
  });
});
