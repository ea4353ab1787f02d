import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { forgeKinds, type ForgeKind } from '#domain/forge/forge.js';
import type { ForgeEvent } from '#domain/forge/forge-event.js';
import { eventReaders } from '#protocol/forge/read-event.js';
import {
  recordedDelivery,
  recordedNames,
  recordedSecrets,
  type RecordedDelivery,
} from '#testkit/recorded-deliveries.js';
import { readHeaders } from './delivery-headers.js';
import { doubtOf } from './signature.js';

const now = Date.parse('2026-11-20T12:00:00Z');
const [first, second] = ['1'.repeat(40), '2'.repeat(40)];

const homes: Readonly<Record<ForgeKind, [name: string, fork: string]>> = {
  github: ['example/channel', 'https://github.com/bob/channel.git'],
  gitlab: ['group/sub/channel', 'https://gitlab.example.org/bob/channel.git'],
  gitea: ['example/channel', 'https://gitea.example.org/bob/channel.git'],
  forgejo: ['example/channel', 'https://codeberg.example.org/bob/channel.git'],
};

function read(kind: ForgeKind, { headers, body }: RecordedDelivery): ForgeEvent {
  const { event } = readHeaders(kind, headers);
  const text = body.toString('utf8');
  const json = headers['content-type'] === 'application/json';
  const parsed = JSON.parse(json ? text : new URLSearchParams(text).get('payload')!) as unknown;
  const result = eventReaders[kind](event ?? '', parsed);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe.each(forgeKinds)('what %s sends', (kind) => {
  const all = new Map<string, RecordedDelivery>();
  const doubt = (delivery: RecordedDelivery, secrets = [recordedSecrets[kind]]) =>
    doubtOf(kind, { ...delivery, secrets, now });

  beforeAll(async () => {
    for (const name of await recordedNames(kind)) all.set(name, await recordedDelivery(kind, name));
  });

  it('is believed, by any of its secrets', () => {
    expect(all.size).toBeGreaterThanOrEqual(7);
    for (const delivery of all.values()) {
      expect(doubt(delivery)).toBeNull();
      expect(doubt(delivery, ['another', recordedSecrets[kind]])).toBeNull();
    }
  });

  it('is not believed unsigned, signed with another secret, or changed', () => {
    const delivery = all.get('push')!;
    const bare = Object.entries(delivery.headers).filter(([name]) => !/signature|token/.test(name));
    expect(doubt({ ...delivery, headers: Object.fromEntries(bare) })).toMatch(
      /not signed|no token/,
    );
    expect(doubt(delivery, ['another'])).toMatch(/another (secret|token)/);
    const changed = Buffer.from(delivery.body);
    changed[10]! ^= 1;
    // A token says nothing of the body, which is why GitLab has made signatures, too.
    if (kind !== 'gitlab') expect(doubt({ ...delivery, body: changed })).toMatch(/another secret/);
    for (const other of forgeKinds.filter((one) => one !== kind)) {
      expect(doubt(delivery, [recordedSecrets[other]])).not.toBeNull();
    }
  });

  it('has an id of its own each', () => {
    const ids = [...all.values()].map(({ headers }) => readHeaders(kind, headers).id);
    expect(new Set(ids).size).toBe(all.size);
    expect(ids).not.toContain(null);
  });

  it('tells of pushes by branch and commit', () => {
    const [name] = homes[kind];
    const push = { kind: 'push', branch: 'main', repository: { name } };
    expect(read(kind, all.get('push')!)).toMatchObject({ ...push, revision: first });
    expect(read(kind, all.get('push-other-branch')!)).toMatchObject({ ...push, branch: 'wip' });
    expect(read(kind, all.get('push-deleted-branch')!)).toMatchObject({ ...push, revision: null });
    expect(read(kind, all.get('push-tag')!).kind).toBe('other');
  });

  it('tells of pull requests as they stand', () => {
    const [name, address] = homes[kind];
    const request = {
      ...{ kind: 'request', number: 12, base: 'main', author: 'bob', collaborator: false },
      ...{ repository: { name }, happened: 'opened', updatedAt: '2026-11-20T11:00:00.000Z' },
    };
    const head = { address, sameRepository: false, branch: 'update-hello', revision: first };
    expect(read(kind, all.get('request-opened')!)).toMatchObject({ ...request, head });
    const updated = { ...request, happened: 'changed', updatedAt: '2026-11-20T11:10:00.000Z' };
    const moved = { ...head, revision: second };
    expect(read(kind, all.get('request-updated')!)).toMatchObject({ ...updated, head: moved });
    expect(read(kind, all.get('request-closed')!)).toMatchObject({ happened: 'closed' });
    const labeled = all.get('request-labeled');
    if (labeled) expect(read(kind, labeled)).toMatchObject({ labels: ['build'] });
  });

  it('is refused where it is not what is documented', () => {
    const reader = eventReaders[kind];
    const event = readHeaders(kind, all.get('request-opened')!.headers).event!;
    for (const body of [null, 7, 'text', []]) {
      expect(reader('push', body)).toMatchObject({ ok: false });
    }
    const body = JSON.parse(all.get('request-opened')!.body.toString('utf8'));
    body.pull_request = { ...body.pull_request, head: { ref: 'x', sha: '--upload-pack=x' } };
    body.object_attributes = { ...body.object_attributes, last_commit: { id: '--upload-pack' } };
    expect(reader(event, body)).toMatchObject({ ok: false });
  });
});

/** The body as it would be with something else in one of its places, for every place. */
function* spoilt(body: unknown): Generator<unknown, void, undefined> {
  if (typeof body !== 'object' || body === null) return;
  for (const [name, value] of Object.entries(body)) {
    for (const odd of [null, {}, [], '', '-x', -1, 1e300]) {
      yield Array.isArray(body) ? body.with(Number(name), odd) : { ...body, [name]: odd };
    }
    for (const inner of spoilt(value)) {
      yield Array.isArray(body) ? body.with(Number(name), inner) : { ...body, [name]: inner };
    }
  }
}

describe.each(forgeKinds)('whatever %s might say', (kind) => {
  it.each(['push', 'request-opened'])('in a %s is understood or refused', async (name) => {
    const { headers, body } = await recordedDelivery(kind, name);
    const { event } = readHeaders(kind, headers);
    let tried = 0;
    for (const odd of spoilt(JSON.parse(body.toString('utf8')))) {
      tried += 1;
      const told = eventReaders[kind](event ?? '', odd);
      const of = told.ok ? told.value : null;
      const revision =
        of?.kind === 'push' ? of.revision : of?.kind === 'request' ? of.head?.revision : null;
      if (revision) expect(revision).toMatch(/^[0-9a-f]{40}$/);
      if (of?.kind === 'request') expect(of.number).toBeGreaterThan(0);
    }
    expect(tried).toBeGreaterThan(200);
  });
});

describe('the signature', () => {
  it('of GitHub is that of its documentation', () => {
    const hex = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const headers = { 'x-hub-signature-256': `sha256=${hex}` };
    const signed = { headers, body: Buffer.from('Hello, World!'), now };
    const secrets = ["It's a Secret to Everybody"];
    expect(doubtOf('github', { ...signed, secrets })).toBeNull();
    for (const odd of [hex, `sha256=${hex.slice(2)}`, `sha1=${hex}`, 'sha256=', '']) {
      const told = { ...signed, secrets, headers: { 'x-hub-signature-256': odd } };
      expect(doubtOf('github', told)).not.toBeNull();
    }
  });

  const key = Buffer.alloc(32, 7);
  const secret = `whsec_${key.toString('base64')}`;
  const body = Buffer.from('{"object_kind":"push"}');
  const standard = (seconds: number, by = key) => {
    const time = String(Math.round(now / 1000) + seconds);
    const mark = createHmac('sha256', by).update(`id-1.${time}.`).update(body).digest('base64');
    const given = `v1,${Buffer.alloc(32).toString('base64')} v1a,x v1,${mark}`;
    return { 'webhook-id': 'id-1', 'webhook-timestamp': time, 'webhook-signature': given };
  };

  it('of GitLab is one of Standard Webhooks where there is one, for five minutes', () => {
    const of = (headers: Record<string, string>, secrets = ['old', secret]) =>
      doubtOf('gitlab', { headers, body, secrets, now });
    expect(of(standard(0))).toBeNull();
    expect(of(standard(299))).toBeNull();
    expect(of(standard(-301))).toBe('its signature is too old');
    expect(of(standard(301))).toBe('its signature is too old');
    expect(of(standard(0, Buffer.alloc(32, 8)))).toMatch('another secret');
    expect(of({ ...standard(0), 'webhook-id': 'id-2' })).toMatch('another secret');
    // A good token does not make up for a bad signature.
    const both = { ...standard(0, Buffer.alloc(32, 8)), 'x-gitlab-token': 'old' };
    expect(of(both)).toMatch('another secret');
    expect(readHeaders('gitlab', standard(0)).id).toBe('id-1');
  });

  it('is never a signing secret shown as a token', () => {
    const headers = { 'x-gitlab-token': secret };
    expect(doubtOf('gitlab', { headers, body, secrets: [secret], now })).toMatch('another token');
  });
});
