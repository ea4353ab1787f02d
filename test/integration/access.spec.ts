/** Who may change what over HTTP, and what the audit log keeps of it, on a real Postgres. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditQueries } from '#adapters/postgres/audit-queries.js';
import { AuditStore } from '#adapters/postgres/audit-store.js';
import type { ChainedEntry } from '#domain/access/audit-chain.js';
import { verifyAudit, type AuditVerdict } from '#application/verify-audit.js';
import { sha256OfUtf8 } from '#formats/hash.js';
import { runCommand, type Ran } from '#testkit/run-command.js';
import { endBadly } from '../../apps/cli/exit-codes.js';
import { gambesonProgram } from '../../apps/cli/program.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

let farm: ApiFarm;
let audit: AuditQueries;

beforeAll(async () => {
  farm = await startApiFarm({ GAMBESON_HOOK_ALLOW: '127.0.0.1' });
  audit = new AuditQueries(farm.parts.database);
}, 60_000);
afterAll(() => farm?.stop());

interface Sent {
  readonly body?: unknown;
  readonly token?: string | null;
}

async function ask(method: string, path: string, sent: Sent = {}) {
  const token = sent.token === undefined ? farm.parts.adminToken : sent.token;
  const response = await fetch(`${farm.address}${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(sent.body !== undefined && { 'content-type': 'application/json' }),
      ...(method === 'PUT' && { 'if-match': '*' }),
    },
    ...(sent.body !== undefined && { body: JSON.stringify(sent.body) }),
  });
  const text = await response.text();
  const told = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {};
  return { status: response.status, body: told };
}

async function newest(): Promise<ChainedEntry | undefined> {
  return (await audit.list({ limit: 1 }))[0];
}

function verdict(): Promise<AuditVerdict> {
  const store = new AuditStore(farm.parts.database);
  return verifyAudit({ entries: () => audit.after(0, 5), head: () => store.head() }, sha256OfUtf8);
}

/** As somebody would who rules the database: triggers do not stop it. */
async function tampered<T>(tampering: string, look: () => Promise<T>): Promise<T> {
  const client = await farm.parts.database.dedicated();
  try {
    await client.query('set session_replication_role = replica');
    await client.query('create table kept as select * from audit_entries');
    await client.query(tampering);
    return await look();
  } finally {
    await client.query('delete from audit_entries; insert into audit_entries select * from kept');
    await client.query('drop table kept');
    await client.end();
  }
}

const specification = {
  name: 'hello',
  ...{ backend: 'local', selection: { file: 'farm.json' } },
  channels: [{ name: 'hello', url: 'https://ada:hunter2@example.org/hello.git', branch: 'main' }],
  active: false,
};

describe('a change over HTTP', () => {
  it('is written down with who asked, what stood before and what stands after', async () => {
    expect(await ask('POST', '/api/v1/specifications', { body: specification })).toMatchObject({
      status: 201,
    });
    expect(await newest()).toMatchObject({
      id: 1,
      actor: { name: 'admin', via: 'admin-token', role: 'admin' },
      ...{ action: 'specification.add', subject: 'specification/hello', outcome: 'done' },
      before: null,
      after: { name: 'hello', version: 1 },
    });
    const body = { ...specification, priority: 3 };
    await ask('PUT', '/api/v1/specifications/hello', { body });
    expect(await newest()).toMatchObject({
      action: 'specification.edit',
      before: { version: 1 },
      after: { version: 2, priority: 3 },
    });
  });

  it('leaves no secret in the log', async () => {
    const made = await ask('POST', '/api/v1/tokens', {
      body: { name: 'CI', specification: 'hello', access: 'write' },
    });
    expect(await newest()).toMatchObject({ action: 'token.manage', subject: 'token/1' });
    const { rows } = { rows: await farm.parts.database.query('select * from audit_entries') };
    const text = JSON.stringify(rows);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(made.body.token);
  });

  it('that is refused changes nothing and is not written', async () => {
    const before = await newest();
    const refusals = [
      await ask('DELETE', '/api/v1/specifications/nobody'),
      await ask('PUT', '/api/v1/specifications/hello', { body: { name: 'hello' } }),
      await ask('DELETE', '/api/v1/specifications/hello', { token: null }),
      await ask('DELETE', '/api/v1/specifications/hello', { token: 'x'.repeat(40) }),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([404, 422, 401, 401]);
    expect(await newest()).toEqual(before);
    expect(await farm.parts.database.query('select * from audit_under_way')).toEqual([]);
  });

  it('by the hook stands there when somebody made it', async () => {
    const body = { ...specification, name: 'hooked', active: true };
    await ask('POST', '/api/v1/specifications', { body });
    expect((await ask('POST', '/jobset/hooked/hook/evaluate')).status).toBe(200);
    const hooked = { action: 'evaluation.trigger', subject: 'specification/hooked' };
    expect(await newest()).toMatchObject({ ...hooked, actor: { via: 'admin-token' } });
  });

  it('whose process died is written when it has been under way for long', async () => {
    const store = new AuditStore(farm.parts.database);
    const actor = { name: 'ada', via: 'proxy', role: 'admin', token: null, fingerprint: null };
    const begun = { action: 'worker.remove', subject: 'worker/7', asked: null };
    await store.begin({ ...begun, actor: actor as ChainedEntry['actor'] });
    expect(await store.settleForgotten(600)).toBe(0);
    expect(await store.settleForgotten(-1)).toBe(1);
    expect(await newest()).toMatchObject({ ...begun, actor, outcome: 'unknown' });
    expect(await store.settleForgotten(-1)).toBe(0);
  });

  it('is one entry however many come at once', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many-${index}`);
    await Promise.all(
      names.map((name) =>
        ask('POST', '/api/v1/specifications', { body: { ...specification, name } }),
      ),
    );
    expect(await audit.list({ limit: 50, action: 'specification.add' })).toHaveLength(14);
    expect(await verdict()).toMatchObject({ faults: [] });
  });

  it('by the hook tells from where, when the caller is known by its address alone', async () => {
    await ask('POST', '/api/v1/specifications', {
      body: { ...specification, name: 'listed', active: true },
    });
    expect((await ask('POST', '/jobset/listed/hook/evaluate', { token: null })).status).toBe(200);
    expect(await newest()).toMatchObject({
      ...{ action: 'evaluation.trigger', subject: 'specification/listed', outcome: 'done' },
      actor: { name: '127.0.0.1', via: 'anonymous', token: null },
    });
  });

  it('is of a store by the name that it is known by, from the first on', async () => {
    const body = { slug: 'team', dir: '/nix/store', kind: 'pushed' };
    expect((await ask('POST', '/api/v1/stores', { body })).status).toBe(201);
    expect(await newest()).toMatchObject({ action: 'store.manage', subject: 'store/team' });
  });
});

describe('every address that changes something', () => {
  /** These know who asks by other means, or take what anybody may send. */
  const open = new Set([
    ...['/webhooks/:name', '/admin/gitlab/event', '/admin/forgejo/event'],
    ...['/api/v1/workers/enrol', '/jobset/:name/hook/evaluate', '/api/dashboard/register'],
  ]);

  it('wants somebody who may', async () => {
    const writing = farm.routes.filter(({ method }) => /^(POST|PUT|PATCH|DELETE)$/.test(method));
    const closed = writing.filter(({ url }) => !open.has(url));
    expect(closed.length).toBeGreaterThan(40);
    const let_in: string[] = [];
    for (const { method, url } of closed) {
      const { status } = await ask(method, url.replaceAll(/:\w+/g, '1'), { token: null });
      if (status !== 401) let_in.push(`${method} ${url} ${status}`);
    }
    expect(let_in).toEqual([]);
  });
});

describe('every list that is not for everybody', () => {
  it('tells nobody of its items either', async () => {
    const ofApi = farm.routes.filter(({ url }) => url.startsWith('/api/v1/'));
    const reading = ofApi.filter(({ method }) => method === 'GET');
    const status = async (url: string): Promise<number> =>
      (await ask('GET', url.replaceAll(/:\w+/g, 'nix'), { token: null })).status;
    const toldOf: string[] = [];
    for (const { url: list } of reading.filter(({ url }) => !url.includes(':'))) {
      if ((await status(list)) !== 401) continue;
      for (const { url } of reading.filter((one) => one.url.startsWith(`${list}/`))) {
        if ((await status(url)) !== 401) toldOf.push(url);
      }
    }
    expect(toldOf).toEqual([]);
  });
});

describe('a token with a role', () => {
  const wish = { name: 'deploy', role: 'maintainer', specifications: ['hello'] };
  const many = '/api/v1/specifications/many-1/evaluate';
  const hello = '/api/v1/specifications/hello/evaluate';

  async function made(more: object = {}): Promise<{ id: string; token: string }> {
    const answer = await ask('POST', '/api/v1/tokens', { body: { ...wish, ...more } });
    expect(answer).toMatchObject({ status: 201 });
    return answer.body;
  }

  it('acts in it, on what it is bound to, and is known in the log', async () => {
    const { id, token } = await made();
    // 409: it was let in, and the specification is inactive.
    expect((await ask('POST', hello, { token })).status).toBe(409);
    expect(await ask('POST', many, { token })).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('it may change hello alone') },
    });
    expect((await ask('GET', '/api/v1/tokens', { token })).status).toBe(403);
    expect((await ask('DELETE', '/api/v1/specifications/hello', { token })).status).toBe(403);
    const body = { ...specification, priority: 5 };
    expect((await ask('PUT', '/api/v1/specifications/hello', { body, token })).status).toBe(200);
    const actor = { name: 'deploy', via: 'token', role: 'maintainer', token: id };
    expect(await newest()).toMatchObject({ actor });
  });

  it('acts no more once it is revoked, has run out, or lost what it was bound to', async () => {
    const { id, token } = await made();
    await ask('DELETE', `/api/v1/tokens/${id}`);
    expect((await ask('POST', hello, { token })).status).toBe(401);
    const short = await made({ lifeSeconds: 1 });
    await farm.parts.database.execute(
      `update access_tokens set expires_at = now() - interval '1 second' where id = $1`,
      [short.id],
    );
    expect((await ask('POST', hello, { token: short.token })).status).toBe(401);
    const bound = await made({ specifications: ['many-2'] });
    await ask('DELETE', '/api/v1/specifications/many-2');
    await ask('POST', '/api/v1/specifications', { body: { ...specification, name: 'many-2' } });
    const path = '/api/v1/specifications/many-2/evaluate';
    expect((await ask('POST', path, { token: bound.token })).status).toBe(403);
  });

  it('of a store, and of none of all, changes nothing', async () => {
    const { token } = await made({
      role: undefined,
      specifications: undefined,
      specification: 'hello',
    });
    expect((await ask('POST', hello, { token })).status).toBe(401);
    const viewer = await made({ role: 'viewer', specifications: undefined });
    expect((await ask('POST', hello, { token: viewer.token })).status).toBe(403);
  });

  it.each([
    [{ specifications: ['nobody'] }],
    [{ specifications: undefined }],
    [{ role: 'king' }],
    [{ role: undefined }],
  ])('is not made of %j', async (more) => {
    expect((await ask('POST', '/api/v1/tokens', { body: { ...wish, ...more } })).status).toBe(422);
  });
});

describe('the chain of the audit log', () => {
  it('cannot be changed by statements', async () => {
    for (const text of [
      `update audit_entries set actor_name = 'eve'`,
      'delete from audit_entries',
      'truncate audit_entries',
      'delete from audit_head',
    ]) {
      await expect(farm.parts.database.execute(text)).rejects.toThrow(
        'neither changed nor removed',
      );
    }
  });

  it.each([
    [
      'altered',
      `update audit_entries set actor_name = 'eve' where id = 2`,
      [{ kind: 'altered', id: 2 }],
    ],
    [
      'altered in what it says of the state before',
      `update audit_entries set before = '{"version": 9}' where id = 2`,
      [{ kind: 'altered', id: 2 }],
    ],
    [
      'taken out',
      'delete from audit_entries where id in (3, 4)',
      [{ kind: 'missing', from: 3, to: 4 }],
    ],
    [
      'taken from the end',
      'delete from audit_entries where id = (select max(id) from audit_entries)',
      [expect.objectContaining({ kind: 'missing' })],
    ],
    [
      'swapped',
      `update audit_entries set id = case id when 2 then -3 else -2 end where id in (2, 3);
       update audit_entries set id = -id where id < 0`,
      expect.arrayContaining([
        { kind: 'swapped', id: 2 },
        { kind: 'altered', id: 2 },
        { kind: 'altered', id: 3 },
      ]),
    ],
  ])('tells of an entry that was %s', async (_what, tampering, expected) => {
    expect((await verdict()).faults).toEqual([]);
    expect((await tampered(tampering, verdict)).faults).toEqual(expected);
  });

  it('that was written anew as a whole is not the one that somebody remembers', async () => {
    const { head } = await verdict();
    const known = { ...head, hash: 'f'.repeat(64) };
    const log = { entries: () => audit.after(0), head: () => Promise.resolve(head) };
    const { faults } = await verifyAudit(log, sha256OfUtf8, known);
    expect(faults).toEqual([{ kind: 'unlike-known', id: head.id }]);
    expect((await verifyAudit(log, sha256OfUtf8, head)).faults).toEqual([]);
  });
});

describe('gambeson audit', () => {
  function audited(...words: string[]): Promise<Ran> {
    const reached = [
      '--farm',
      farm.address,
      '--admin-token-file',
      farm.parts.settings.adminTokenFile,
    ];
    const program = gambesonProgram();
    const all = ['node', 'gambeson', 'audit', ...words, ...reached];
    return runCommand(() => program.parseAsync(all), endBadly);
  }

  it('lists who changed what', async () => {
    const listed = await audited('list', '--action', 'token.manage', '--limit', '1');
    expect(listed).toMatchObject({ status: 0 });
    expect(listed.out).toMatch(/admin \(admin\) +admin-token +token\.manage +token\/\d+ +done/);
  });

  it('verifies the farm and an export, and tells of an altered entry in both', async () => {
    const good = await audited('verify');
    expect(good).toMatchObject({ status: 0, out: expect.stringContaining('as they were written') });
    const known = /head is (\d+:[0-9a-f]{64})/.exec(good.out)?.[1] ?? '';
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-audit-'));
    const file = join(directory, 'audit.jsonl');
    const alter = `update audit_entries set subject = 'specification/x' where id = 2`;
    try {
      await writeFile(file, (await audited('export')).out);
      expect(await audited('verify', '--file', file, '--known', known)).toMatchObject({
        status: 0,
      });
      const altered = await tampered(alter, () => audited('verify'));
      expect(altered).toMatchObject({
        status: 1,
        out: expect.stringMatching(/^Entry 2 was altered\./),
      });
      await writeFile(file, (await tampered(alter, () => audited('export'))).out);
      const exported = await audited('verify', '--file', file);
      expect(exported).toMatchObject({ status: 1, out: altered.out });
      await writeFile(file, '{"id": "1"}\n');
      expect((await audited('verify', '--file', file)).errors).toContain(':1 is no entry');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('finds by who, what and to what', async () => {
    const found = async (query: string) => {
      const { body } = await ask('GET', `/api/v1/audit-entries?${query}`);
      return (body.items as { subject: string }[]).map(({ subject }) => subject);
    };
    expect(await found('subject=specification/hello&action=specification.add')).toHaveLength(1);
    expect(await found('subject=worker/')).toEqual(['worker/7']);
    expect(await found('subject=worke_/')).toEqual([]);
    expect((await found('actor=deploy&limit=1'))[0]).toBe('specification/hello');
    expect(await found('actor=nobody')).toEqual([]);
  });

  it('is read by operators and nobody below', async () => {
    for (const path of [
      '/api/v1/audit-entries',
      '/api/v1/audit-entries/1',
      '/api/v1/audit-chain',
    ]) {
      expect((await ask('GET', path, { token: null })).status).toBe(401);
      expect((await ask('GET', path)).status).toBe(200);
    }
  });
});
