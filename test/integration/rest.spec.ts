import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedFarm } from './seeded-farm.js';

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm({ GAMBESON_REQUESTS_PER_MINUTE: '20' });
  await seedFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

function ask(path: string, sent: RequestInit & { token?: string } = {}): Promise<Response> {
  const { token, headers, ...rest } = sent;
  return fetch(`${farm.address}${path}`, {
    ...rest,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(rest.body !== undefined && { 'content-type': 'application/json' }),
      ...(headers as Record<string, string> | undefined),
    },
  });
}

function asAdmin(path: string, sent: RequestInit = {}): Promise<Response> {
  return ask(path, { ...sent, token: farm.parts.adminToken });
}

async function kindOf(answer: Response): Promise<unknown> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return ((await answer.json()) as { type: string }).type.replace('urn:gambeson:problem:', '');
}

describe('reading', () => {
  it('goes on with the address of the next page', async () => {
    const first = await ask('/api/v1/builds?limit=2&system=x86_64-linux');
    const { next } = (await first.json()) as { next: string };
    const link = first.headers.get('link') ?? '';
    expect(link).toBe(`</api/v1/builds?limit=2&system=x86_64-linux&cursor=${next}>; rel="next"`);
    const second = await ask(/<(.+)>/.exec(link)?.[1] ?? '');
    expect(second.status).toBe(200);
    const last = await ask('/api/v1/builds?limit=100');
    expect(last.headers.get('link')).toBeNull();
  });

  it('is answered in full once, and with 304 while nothing changes', async () => {
    for (const [path, weak] of [
      ['/api/v1/builds', true],
      ['/api/v1/builds/1', false],
      ['/api/v1/openapi.json', false],
    ] as const) {
      const tag = (await ask(path)).headers.get('etag') ?? '';
      expect([path, tag.startsWith('W/')]).toEqual([path, weak]);
      const again = await ask(path, { headers: { 'if-none-match': `"else", ${tag}` } });
      expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, tag, '']);
      const changed = await ask(path, { headers: { 'if-none-match': '"else"' } });
      expect(changed.status).toBe(200);
    }
  });

  it('is in a type that is asked for, and else refused before anything is done', async () => {
    const text = '/api/v1/builds/1/log';
    for (const [path, accept, status] of [
      ['/api/v1/builds', 'application/json', 200],
      ['/api/v1/builds', 'application/*;q=0.1', 200],
      ['/api/v1/builds', 'text/html, */*;q=0.5', 200],
      ['/api/v1/builds', 'application/problem+json', 406],
      ['/api/v1/builds', '*/*;q=0', 406],
      ['/api/v1/builds/none', 'image/png', 406],
      ['/api/v1/openapi.json', 'text/html', 406],
      [text, 'text/*', 200],
      [text, 'application/json', 406],
      ['/api/v1/events', 'application/json', 406],
    ] as const) {
      const answer = await ask(path, { headers: { accept } });
      expect([path, accept, answer.status]).toEqual([path, accept, status]);
      if (status === 406) expect(await kindOf(answer)).toBe('not-acceptable');
      else await answer.text();
    }
    const unread = await asAdmin('/api/v1/specifications/demo/evaluate', {
      ...{ method: 'POST', headers: { accept: 'text/html' } },
    });
    expect(await kindOf(unread)).toBe('not-acceptable');
    const gone = { method: 'DELETE', headers: { accept: 'text/html' } };
    expect(await kindOf(await asAdmin('/api/v1/tokens/999', gone))).toBe('not-found');
  });

  it('has heads without bodies', async () => {
    const whole = await ask('/api/v1/builds/1');
    const head = await ask('/api/v1/builds/1', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('etag')).toBe(whole.headers.get('etag'));
    expect(head.headers.get('content-length')).toBe(String((await whole.text()).length));
  });

  it('is for pages of other sites too, where no credential is shown', async () => {
    const open = await ask('/api/v1/builds');
    expect(open.headers.get('access-control-allow-origin')).toBe('*');
    expect(open.headers.get('access-control-allow-credentials')).toBeNull();
    const closed = await asAdmin('/api/v1/tokens');
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const wish = { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } };
    const asked = await ask('/api/v1/builds', wish);
    expect([asked.status, asked.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, HEAD',
    ]);
  });

  it('of others is no writing', async () => {
    const headers = { 'access-control-request-method': 'POST' };
    const asked = await ask('/api/v1/builds/1/cancel', { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, null]);
    const foreign = { method: 'POST', headers: { origin: 'https://evil.example' } };
    expect((await asAdmin('/api/v1/builds/1/cancel', foreign)).status).toBe(403);
  });
});

describe('an address', () => {
  it('that is none is a problem', async () => {
    expect(await kindOf(await ask('/api/v1/nothing'))).toBe('not-found');
    expect(await kindOf(await ask('/api/v1/builds/1/nothing', { method: 'POST' }))).toBe(
      'not-found',
    );
    expect((await ask('/api/v1/nothing', { method: 'OPTIONS' })).status).toBe(404);
    const long = `/api/v1/packages/${'name-'.repeat(500)}`;
    expect(await kindOf(await ask(long))).toBe('not-found');
  });

  it('that does not take a method says which it takes', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/api/v1/builds/1', 'GET, HEAD, OPTIONS'],
      ['POST', '/api/v1/builds', 'GET, HEAD, OPTIONS'],
      ['GET', '/api/v1/builds/1/restart', 'OPTIONS, POST'],
      ['PATCH', '/api/v1/specifications/demo', 'DELETE, GET, HEAD, OPTIONS, PUT'],
      ['POST', '/livez', 'GET, HEAD, OPTIONS'],
    ] as const) {
      const refused = await ask(path, { method });
      expect([path, refused.status, refused.headers.get('allow')]).toEqual([path, 405, allow]);
      expect(await kindOf(refused)).toBe('method-not-allowed');
      const options = await ask(path, { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
    }
  });

  it('is spelt as it stands, so that no rule of the API is gone around', async () => {
    const key = { 'idempotency-key': 'spelt' };
    const body = JSON.stringify({ name: 'eve', role: 'viewer' });
    for (const path of ['/api/v1/%74okens', '/%61pi/v1/tokens', '/api/v1/tokens%23']) {
      const refused = await asAdmin(path, { method: 'POST', body, headers: key });
      expect([path, [400, 404].includes(refused.status)]).toEqual([path, true]);
    }
    const { port } = new URL(farm.address);
    for (const path of ['http://elsewhere/api/v1/tokens', '/api/v1/tokens#', '/api/v1/tokens#?']) {
      const status = await new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${farm.parts.adminToken}` };
        httpRequest({ port, path, headers }, (answer) => resolve(answer.resume().statusCode))
          .on('error', reject)
          .end();
      });
      expect([path, status]).toEqual([path, 400]);
    }
  });

  it('that is asked in no words of HTTP is a problem, too', async () => {
    const { port } = new URL(farm.address);
    for (const [said, status] of [
      ['FROBNICATE /api/v1/builds HTTP/1.1\r\n\r\n', 400],
      ['GET /livez HTTP/1.1\r\nhost: x\r\nHOST: y\r\nconnection: close\r\n\r\n', 400],
      [`GET /livez HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const socket = connect(Number(port), '127.0.0.1').end(said);
      let answer = '';
      for await (const part of socket) answer += String(part);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*problem\\+json`, 's'));
      expect(answer).toContain(`"status":${status}`);
    }
  });

  it('reads no more than it needs', async () => {
    for (const [path, bytes] of [
      ['/api/v1/builds/1/restart', 65 * 1024],
      ['/api/v1/upstreams', 129 * 1024],
      ['/api/v1/stores', 513 * 1024],
      ['/api/v1/specifications', 1025 * 1024],
    ] as const) {
      const body = JSON.stringify({ mode: 'x'.repeat(bytes) });
      const refused = await asAdmin(path, { method: 'POST', body });
      expect([path, refused.status, await kindOf(refused)]).toEqual([path, 413, 'too-large']);
    }
  });

  it('reads no body of another type', async () => {
    const headers = { 'content-type': 'text/plain' };
    const refused = await asAdmin('/api/v1/specifications', { method: 'POST', body: 'x', headers });
    expect([refused.status, await kindOf(refused)]).toEqual([415, 'unsupported-media-type']);
  });
});

describe('what is replaced', () => {
  const body = JSON.stringify({ ttlSeconds: 100 });
  const change = (condition: string | null, path = '/api/v1/specifications/demo') =>
    asAdmin(path, {
      method: path.includes('specifications') ? 'PUT' : 'PATCH',
      body,
      headers: condition === null ? {} : { 'if-match': condition },
    });

  it('has to be named by what was read of it', async () => {
    const blind = await change(null);
    expect([blind.status, await kindOf(blind)]).toEqual([428, 'precondition-required']);
    expect((await ask('/api/v1/specifications/demo', { method: 'PUT', body })).status).toBe(401);
  });

  it('and is refused when it is something else now', async () => {
    const stale = await change('"stale"', '/api/v1/stores/nix');
    expect([stale.status, await kindOf(stale)]).toEqual([412, 'version-conflict']);
    const read = await asAdmin('/api/v1/stores/nix');
    const tag = read.headers.get('etag') ?? '';
    expect((await change(tag, '/api/v1/stores/nix')).status).toBe(200);
    expect((await change(tag, '/api/v1/stores/nix')).status).toBe(412);
    expect((await change('*', '/api/v1/stores/nix')).status).toBe(200);
  });

  it('is replaced by one of those who have read the same', async () => {
    const tag = (await asAdmin('/api/v1/stores/nix')).headers.get('etag') ?? '';
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        asAdmin('/api/v1/stores/nix', {
          ...{ method: 'PATCH', body: JSON.stringify({ ttlSeconds: 1000 + index }) },
          headers: { 'if-match': tag },
        }),
      ),
    );
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array.from({ length: 11 }, () => 412)]);
  });

  it('needs no such word when nothing is there yet', async () => {
    const forge = { kind: 'forgejo', address: 'https://forge.example.org', secrets: ['s'] };
    const put = (headers: Record<string, string> = {}) =>
      asAdmin('/api/v1/forges/new', { method: 'PUT', body: JSON.stringify(forge), headers });
    expect((await put()).status).toBe(200);
    expect((await put()).status).toBe(428);
    const tag = (await asAdmin('/api/v1/forges/new')).headers.get('etag') ?? '';
    expect((await put({ 'if-match': tag })).status).toBe(200);
  });

  it('is not removed by who has read something else', async () => {
    const remove = (condition: string, path = '/api/v1/forges/new') =>
      asAdmin(path, { method: 'DELETE', headers: { 'if-match': condition } });
    const tag = (await asAdmin('/api/v1/forges/new')).headers.get('etag') ?? '';
    expect((await remove('"stale"')).status).toBe(412);
    expect((await remove('"99"', '/api/v1/specifications/demo')).status).toBe(412);
    expect((await ask('/api/v1/specifications/demo')).status).toBe(200);
    expect((await remove(tag)).status).toBe(204);
    expect((await remove(tag)).status).toBe(412);
  });
});

describe('what is made and changed', () => {
  it('has an address of its own', async () => {
    const body = JSON.stringify({ name: 'ada', store: 'nix', access: 'read' });
    const made = await asAdmin('/api/v1/tokens', { method: 'POST', body });
    const { id } = (await made.json()) as { id: string };
    expect([made.status, made.headers.get('location')]).toEqual([201, `/api/v1/tokens/${id}`]);
  });

  it('of a specification is that it is paused, and resumed', async () => {
    for (const [verb, active] of [
      ['pause', false],
      ['resume', true],
    ] as const) {
      const path = `/api/v1/specifications/demo/${verb}`;
      expect((await ask(path, { method: 'POST' })).status).toBe(401);
      const told = await asAdmin(path, { method: 'POST' });
      const answer = (await told.json()) as { specification: { active: boolean } };
      expect([told.status, answer.specification.active]).toEqual([200, active]);
    }
  });
});

describe('a request with a key of its own', () => {
  const body = JSON.stringify({ dryRun: true });
  const wish = (key: string, sent: { body?: string; token?: string } = {}) =>
    ask('/api/v1/collections', {
      method: 'POST',
      body,
      token: farm.parts.adminToken,
      headers: { 'idempotency-key': key },
      ...sent,
    });

  it('is done once, and answered as often as it is sent', async () => {
    const first = await wish('nightly');
    const again = await wish('nightly');
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await again.json()).toEqual(await first.json());
    const other = await wish('nightly-2');
    expect(((await other.json()) as { id: string }).id).not.toBe('1');
  });

  it('cannot be another request under the same key', async () => {
    await wish('mine');
    const other = await wish('mine', { body: JSON.stringify({ dryRun: true, wantedBytes: 1 }) });
    expect([other.status, await kindOf(other)]).toEqual([422, 'key-of-another-request']);
    expect((await wish('mine', { token: 'not-the-one' })).status).toBe(401);
  });

  it('is told to be under way while it is', async () => {
    await farm.parts.database.execute(
      `insert into kept_answers (asker, key, request)
       select asker, 'slow', request from kept_answers where key = 'nightly'`,
    );
    const early = await wish('slow');
    expect([early.status, early.headers.get('retry-after')]).toEqual([409, '1']);
    await farm.parts.database.execute(
      `update kept_answers set began_at = now() - interval '11 minutes' where key = 'slow'`,
    );
    expect((await wish('slow')).status).toBe(202);
  });

  it('is free again after a refusal, and after a day', async () => {
    const refused = await wish('typo', { body: JSON.stringify({ wantedBytes: -1 }) });
    expect(refused.status).toBe(422);
    expect((await wish('typo')).headers.get('idempotency-replayed')).toBeNull();
    await farm.parts.database.execute(
      `update kept_answers set began_at = now() - interval '25 hours' where key = 'typo'`,
    );
    expect((await wish('typo')).headers.get('idempotency-replayed')).toBeNull();
  });

  it('of which two come at once is done by one', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => wish('race')));
    const done = answers.filter(({ status, headers }) => {
      return status === 202 && !headers.has('idempotency-replayed');
    });
    expect(done).toHaveLength(1);
    for (const { status } of answers) expect([202, 409]).toContain(status);
  });

  it('tells a secret once, and keeps none', async () => {
    const enrol = () =>
      asAdmin('/api/v1/workers/tokens', { method: 'POST', headers: { 'idempotency-key': 'one' } });
    const { token } = (await (await enrol()).json()) as { token: string };
    expect(token.length).toBeGreaterThan(20);
    expect(await kindOf(await enrol())).toBe('told-once');
    const rows = await farm.parts.database.query('select * from kept_answers');
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('the rate of requests', () => {
  /** By the address that a proxy on this machine names. */
  function from(address: string, token?: string): Promise<IncomingMessage> {
    const headers = {
      'x-forwarded-for': `192.0.2.77, ${address}`,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve, reject) => {
      httpRequest(`${farm.address}/api/v1/queue`, { headers, method: 'HEAD' }, (answer) => {
        answer.resume();
        resolve(answer);
      })
        .on('error', reject)
        .end();
    });
  }

  it('is bounded by address, with a word on when to come again', async () => {
    const first = await from('192.0.2.1');
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"requests";q=20;w=60',
      ratelimit: '"requests";r=19;t=3',
    });
    const rest = await Promise.all(Array.from({ length: 20 }, () => from('192.0.2.1')));
    const refused = rest.filter(({ statusCode }) => statusCode === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers['retry-after']).toMatch(/^[1-9]$/);
    expect((await from('192.0.2.2')).statusCode).toBe(200);
  });

  it('is bounded by token too, and many tokens do not help', async () => {
    const answers = [];
    for (let n = 0; n < 25; n += 1) answers.push(await from(`198.51.100.${n}`, 'one-and-the-same'));
    expect(answers.at(-1)?.statusCode).toBe(429);
    const others = [];
    for (let n = 0; n < 25; n += 1) others.push(await from('203.0.113.1', `token-${n}`));
    expect(others.at(-1)?.statusCode).toBe(429);
  });

  it('is not of this machine', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask('/api/v1/queue')));
    expect(answers.filter(({ status }) => status === 429)).toEqual([]);
  });
});
