import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';

const hello = {
  name: 'hello',
  backend: 'nix',
  channels: [{ name: 'hello', url: 'https://example.org/hello.git' }],
  selection: { file: 'default.nix' },
};

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm();
}, 60_000);
afterAll(() => farm.stop());

interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly token?: string | null;
}

async function send(path: string, sent: Sent = {}): Promise<Response> {
  const { method = 'GET', body, headers = {}, token = farm.parts.adminToken } = sent;
  return fetch(`${farm.address}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function problem(answer: Response): Promise<Record<string, unknown>> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return (await answer.json()) as Record<string, unknown>;
}

describe('a specification over REST', () => {
  it('is written, read, changed under its version, and archived', async () => {
    const made = await send('/api/v1/specifications', { method: 'POST', body: hello });
    expect([made.status, made.headers.get('etag'), made.headers.get('location')]).toEqual([
      201,
      '"1"',
      '/api/v1/specifications/hello',
    ]);
    const read = await send('/api/v1/specifications/hello', { token: null });
    const answer = (await read.json()) as { id: string; version: number; specification: object };
    expect(answer).toMatchObject({ id: '1', version: 1, name: 'hello', lastEvaluation: null });
    const edited = { ...answer.specification, priority: 3 };
    const headers = { 'if-match': read.headers.get('etag') ?? '' };
    const put = await send('/api/v1/specifications/hello', {
      method: 'PUT',
      body: edited,
      headers,
    });
    expect([put.status, put.headers.get('etag')]).toEqual([200, '"2"']);
    const late = await send('/api/v1/specifications/hello', {
      method: 'PUT',
      body: edited,
      headers,
    });
    expect(late.status).toBe(412);
    expect(await problem(late)).toMatchObject({ type: 'urn:gambeson:problem:version-conflict' });
    const blind = await send('/api/v1/specifications/hello', { method: 'PUT', body: edited });
    expect(blind.status).toBe(428);
    const anyway = await send('/api/v1/specifications/hello', {
      method: 'PUT',
      body: edited,
      headers: { 'if-match': '*' },
    });
    expect([anyway.status, anyway.headers.get('etag')]).toEqual([200, '"2"']);
    expect((await send('/api/v1/specifications/hello', { method: 'DELETE' })).status).toBe(204);
    expect((await send('/api/v1/specifications/hello')).status).toBe(404);
    expect((await send('/api/v1/specifications/hello', { method: 'DELETE' })).status).toBe(404);
  });

  it('is refused with a pointer to every fault, unknown fields by name', async () => {
    const answer = await send('/api/v1/specifications', {
      method: 'POST',
      body: {
        ...hello,
        channels: [
          { name: 'a', url: 'ext::sh -c id' },
          { name: 'a', url: 'https://x.org/', brnch: 1 },
        ],
        priority: 10,
        colour: 'red',
        'a/b~c': 1,
      },
    });
    expect(answer.status).toBe(422);
    const told = await problem(answer);
    expect(told).toMatchObject({
      type: 'urn:gambeson:problem:invalid-body',
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'The body cannot be used.',
    });
    expect(told['errors']).toEqual(
      expect.arrayContaining([
        { pointer: '/channels/0/url', detail: 'an https, http, ssh, git or file address' },
        { pointer: '/channels/1/brnch', detail: 'unknown field brnch' },
        { pointer: '/priority', detail: expect.stringContaining('<=9') },
        { pointer: '/colour', detail: 'unknown field colour' },
        { pointer: '/a~1b~0c', detail: 'unknown field a/b~c' },
      ]),
    );
  });

  it('keeps its name, and no two have the same', async () => {
    const body = { ...hello, name: 'twice' };
    expect((await send('/api/v1/specifications', { method: 'POST', body })).status).toBe(201);
    const again = await send('/api/v1/specifications', { method: 'POST', body });
    expect(again.status).toBe(409);
    expect((await problem(again))['errors']).toEqual([
      { pointer: '/name', detail: 'this name is taken' },
    ]);
    const renamed = await send('/api/v1/specifications/twice', {
      method: 'PUT',
      body: { ...body, name: 'other' },
      headers: { 'if-match': '*' },
    });
    expect(renamed.status).toBe(422);
  });

  it('shows a password to nobody, and keeps it when it comes back hidden', async () => {
    const channels = [{ name: 'c', url: 'https://bob:s3cret@example.org/c.git' }];
    const body = { ...hello, name: 'private', channels };
    const made = await send('/api/v1/specifications', { method: 'POST', body });
    const text = await made.text();
    expect(text).not.toContain('s3cret');
    const { specification } = JSON.parse(text) as { specification: object };
    await send('/api/v1/specifications/private', {
      method: 'PUT',
      body: { ...specification, period: 60 },
      headers: { 'if-match': '"1"' },
    });
    const stored = await farm.parts.specifications.find('private');
    expect(stored?.version).toBe(2);
    expect(stored?.specification.channels[0]?.url).toContain('s3cret');
  });
});

describe('what is no request of ours', () => {
  it('malformed JSON is 400', async () => {
    const answer = await send('/api/v1/specifications', { method: 'POST', body: '{"name": ' });
    expect(answer.status).toBe(400);
    expect(await problem(answer)).toMatchObject({ type: 'urn:gambeson:problem:malformed-request' });
  });

  it('an address that cannot be decoded is 400', async () => {
    const answer = await send('/api/v1/specifications/%ff');
    expect(answer.status).toBe(400);
    expect(await problem(answer)).toMatchObject({ type: 'urn:gambeson:problem:malformed-request' });
  });

  it('too much is 413, of another type 415, nothing at all 422', async () => {
    const body = JSON.stringify({ ...hello, name: 'x'.repeat(5 * 1024 * 1024) });
    const large = await send('/api/v1/specifications', { method: 'POST', body });
    expect(large.status).toBe(413);
    expect(await problem(large)).toMatchObject({ type: 'urn:gambeson:problem:too-large' });
    const headers = { 'content-type': 'text/yaml' };
    const yaml = await send('/api/v1/specifications', { method: 'POST', body: 'a: 1', headers });
    expect(yaml.status).toBe(415);
    await problem(yaml);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const sent = { method: 'POST', body: hello, headers: { 'content-type': type } };
      const answer = await send('/api/v1/specifications', sent);
      expect([type, answer.status]).toEqual([type, 415]);
      await problem(answer);
    }
    const nothing = await send('/api/v1/specifications', { method: 'POST' });
    expect(nothing.status).toBe(422);
  });

  it.each(['/api/v1/builds/9', '/api/v1/evaluations/9', '/api/v1/workers/9', '/api/v1/nothing'])(
    '%s is not found',
    async (path) => {
      const answer = await send(path);
      expect(answer.status).toBe(404);
      expect(await problem(answer)).toMatchObject({ type: 'urn:gambeson:problem:not-found' });
    },
  );

  it('an id that can be none is not found, a query that cannot be is 400', async () => {
    expect((await send('/api/v1/builds/0x1')).status).toBe(404);
    expect((await send('/api/v1/builds/9999999999999999')).status).toBe(404);
    const answer = await send('/api/v1/builds?limit=0&status=nice');
    expect(answer.status).toBe(400);
    expect((await problem(answer))['errors']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ parameter: 'limit' }),
        expect.objectContaining({ parameter: 'status' }),
      ]),
    );
  });
});

describe('who may write', () => {
  const writes: [string, string][] = [
    ['POST', '/api/v1/specifications'],
    ['PUT', '/api/v1/specifications/hello'],
    ['DELETE', '/api/v1/specifications/hello'],
    ['POST', '/api/v1/specifications/hello/evaluate'],
    ['POST', '/api/v1/evaluations/1/retry'],
  ];

  it.each(writes)('%s %s wants the admin token', async (method, path) => {
    for (const token of [null, 'wrong', `${farm.parts.adminToken}x`]) {
      const answer = await send(path, { method, token });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gambeson"');
      expect(await problem(answer)).toMatchObject({ type: 'urn:gambeson:problem:unauthorized' });
    }
  });

  it('a page of another site may not, even with the token', async () => {
    const foreign = { origin: 'https://evil.example' };
    const body = { ...hello, name: 'foreign' };
    const answer = await send('/api/v1/specifications', { method: 'POST', body, headers: foreign });
    expect(answer.status).toBe(403);
    await problem(answer);
    const own = { origin: farm.address };
    const made = await send('/api/v1/specifications', { method: 'POST', body, headers: own });
    expect(made.status).toBe(201);
  });

  it('every answer forbids foreign scripts and frames', async () => {
    const answer = await send('/');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the hook', () => {
  it('is accepted at once whatever the forge sends, and calls the poller', async () => {
    const body = { ...hello, name: 'hooked' };
    await send('/api/v1/specifications', { method: 'POST', body });
    const calls: string[] = [];
    let called = (): void => undefined;
    const hooked = new Promise<void>((resolve) => (called = resolve));
    await farm.parts.timers.consume(async (call) => {
      calls.push(call.trigger);
      if (call.trigger === 'hook') called();
    }, 1);
    const answer = await send('/jobset/hooked/hook/evaluate', {
      method: 'POST',
      body: 'payload=%7B%7D',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ jobset: 'hooked' });
    await hooked;
    const xml = { 'content-type': 'text/xml' };
    const odd = await send('/jobset/hooked/hook/evaluate', {
      method: 'POST',
      body: '<',
      headers: xml,
    });
    expect(odd.status).toBe(200);
    expect((await send('/jobset/hooked/hook/evaluate', { method: 'POST' })).status).toBe(200);
  });

  it('wants a credential, and says so in the words of its clients', async () => {
    for (const token of [null, 'wrong', `${farm.parts.adminToken}x`]) {
      const answer = await send('/jobset/hooked/hook/evaluate', { method: 'POST', token });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gambeson"');
      expect(await answer.json()).toEqual({ error: expect.stringContaining('The hook needs') });
    }
  });
});

describe('the OpenAPI document', () => {
  it('names every route with its schemas', async () => {
    const document = (await (await send('/api/v1/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { requestBody?: unknown }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual(
      expect.arrayContaining([
        '/api/v1/builds',
        '/api/v1/builds/{id}',
        '/api/v1/builds/{id}/dependents',
        '/api/v1/builds/{id}/inputs',
        '/api/v1/builds/{id}/log',
        '/api/v1/builds/{id}/log/stream',
        '/api/v1/evaluations',
        '/api/v1/evaluations/{id}',
        '/api/v1/evaluations/{id}/jobs',
        '/api/v1/evaluations/{id}/log',
        '/api/v1/evaluations/{id}/retry',
        '/api/v1/queue',
        '/api/v1/specifications',
        '/api/v1/specifications/{name}',
        '/api/v1/specifications/{name}/evaluate',
        '/api/v1/workers',
        '/api/v1/workers/{id}',
        '/jobset/{name}/hook/evaluate',
        '/livez',
        '/readyz',
      ]),
    );
    const body = JSON.stringify(document.paths['/api/v1/specifications']?.['post']?.requestBody);
    expect(JSON.stringify(document)).toContain('timeoutSeconds');
    expect(body).toContain('schema');
    const references =
      JSON.stringify(document).match(/"\$ref":"#\/components\/schemas\/([^"]+)"/g) ?? [];
    const known = Object.keys(
      (document as unknown as { components: { schemas: object } }).components.schemas,
    );
    for (const reference of references) {
      expect(known).toContain(/schemas\/([^"]+)"/.exec(reference)?.[1]);
    }
  });
});

describe('liveness and readiness', () => {
  it('are told apart', async () => {
    expect(await (await send('/livez')).json()).toEqual({ status: 'ok' });
    expect(await (await send('/readyz')).json()).toEqual({
      status: 'ok',
      checks: { postgres: 'ok', queue: 'ok' },
    });
  });

  it('a request that is no HTTP harms nobody', async () => {
    const broken = httpRequest(`${farm.address}/livez`, { headers: { 'content-length': '5' } });
    broken.on('error', () => undefined);
    broken.destroy();
    expect((await send('/livez')).status).toBe(200);
  });
});
