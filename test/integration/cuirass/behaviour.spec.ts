/**
 * What Cuirass's addresses do beyond an answer: logs that are packed on the way, feeds that are
 * bounded, calls that come too often, and changes by people.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { PollCall } from '#application/ports/poll-timers.js';
import { startApiFarm, type ApiFarm } from '../api-farm.js';
import { seedManyJobs } from '../seeded-farm.js';
import { guixBuilds, logText, seedCuirassFarm } from './cuirass-rows.js';

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm();
  await seedCuirassFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As it is on the wire: nothing is unpacked, nothing followed. */
function ask(path: string, headers: Record<string, string> = {}): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(farm.address + path, { headers }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
      const { statusCode: status = 0, headers: got } = answer;
      resolve({ status, headers: got, body: Buffer.concat(chunks) });
    });
    sent.on('error', reject).end();
  });
}

async function change(path: string, form?: Record<string, string> | string): Promise<Response> {
  return fetch(farm.address + path, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${farm.parts.adminToken}`,
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(form !== undefined && { body: new URLSearchParams(form).toString() }),
  });
}

async function specification(name: string): Promise<Record<string, unknown> | undefined> {
  const found = await farm.parts.specifications.find(name);
  return found?.specification as Record<string, unknown> | undefined;
}

describe('a raw log', () => {
  it('is packed for those who take it so, and has its length for all others', async () => {
    for (const path of ['/build/1/log/raw', '/log/00000000000000000000000000000001-hello-2.12']) {
      const packed = await ask(path, { 'accept-encoding': 'deflate, gzip;q=0.5' });
      expect(packed.headers).toMatchObject({
        'content-type': 'text/plain; charset=UTF-8',
        'content-encoding': 'gzip',
        'content-disposition': 'inline',
        vary: 'Accept-Encoding',
      });
      expect(gunzipSync(packed.body).toString()).toBe(logText);
      const plain = await ask(path, { 'accept-encoding': 'gzip;q=0' });
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(plain.headers['content-length']).toBe(String(Buffer.byteLength(logText)));
      expect(plain.body.toString()).toBe(logText);
    }
  });

  it('of a store that is read with a token alone is not there by its paths', async () => {
    const path = '/log/00000000000000000000000000000001-hello-2.12';
    const { database } = farm.parts;
    await database.execute("update stores set private = true where slug = 'guix'");
    expect((await ask(path)).status).toBe(404);
    await database.execute("update stores set private = false where slug = 'guix'");
    expect((await ask(path)).status).toBe(200);
  });
});

describe('the feed', () => {
  it('tells the newest hundred and nothing that is no news', async () => {
    const { database } = farm.parts;
    await database.execute(
      `insert into weather_changes (specification_id, evaluation_id, build_id, name_id, system,
         weather, is_news)
       select 1, 1, n, (select id from job_names where name = 'guix.x86_64-linux'),
              'x86_64-linux', 'new-failure', n <= 150 from generate_series(1, 160) n`,
    );
    const { body } = await ask('/events/rss');
    const builds = [...body.toString().matchAll(/<guid[^>]*>[^<]*\/build\/(\d+)\/details</g)];
    expect(builds.map(([, build]) => Number(build))).toEqual(
      Array.from({ length: 100 }, (_, at) => 150 - at),
    );
    await database.execute('delete from weather_changes where specification_id = 1');
  });
});

describe('the badge', () => {
  it('of an evaluation without jobs is whole', async () => {
    await farm.parts.database.execute(
      `insert into evaluations (id, specification_id, specification_version, revisions_digest,
         try, trigger, status, ended_at)
       overriding system value values (100, 3, 1, 'd', 1, 'poll', 'succeeded', now())`,
    );
    expect((await ask('/jobset/asleep/badge.svg')).body.toString()).toContain('100%');
  });
});

describe('a build product', () => {
  it('that is not there is told in words that release scripts know', async () => {
    for (const path of ['/download/4711', '/download/x', '/download/1']) {
      const { status, headers, body } = await ask(path);
      expect([path, status, headers['content-type']]).toEqual([path, 404, 'application/json']);
      expect(JSON.parse(body.toString())).toEqual({
        error: 'Could not find the requested build product.',
      });
    }
  });
});

describe('lists over many builds', () => {
  const size = process.env['GAMBESON_TEST_FULL'] === '1' ? 100_000 : 10_100;
  let evaluation = 0;
  beforeAll(async () => {
    evaluation = await seedManyJobs(farm.parts.database, size);
  }, 60_000);

  it('of jobs are whole and in the order of their names', async () => {
    const { body } = await ask(`/api/jobs?evaluation=${evaluation}`);
    const names = (JSON.parse(body.toString()) as { name: string }[]).map(({ name }) => name);
    expect(names).toHaveLength(size);
    expect(names).toEqual([...names].sort());
  }, 20_000);

  it('of a slow system reach behind the newest builds of the others', async () => {
    const { database } = farm.parts;
    await database.execute(
      `update workers set systems = '{aarch64-linux}';
       update builds set status = 'succeeded' where id = ${guixBuilds.started}`,
    );
    const { body } = await ask('/api/latestbuilds?nr=3&system=aarch64-linux');
    expect(JSON.parse(body.toString())).toMatchObject([
      { id: guixBuilds.started, system: 'aarch64-linux' },
    ]);
  });
});

describe('the hook', () => {
  it('called too often is answered all the same, and calls the poller no more', async () => {
    const calls: PollCall[] = [];
    let called = (): void => undefined;
    await farm.parts.timers.consume(async (call) => {
      calls.push(call);
      called();
    }, 1);
    for (let call = 1; call <= 12; call += 1) {
      const before = calls.length;
      const polled = new Promise<void>((resolve) => (called = resolve));
      const answer = await change('/jobset/my-packages/hook/evaluate');
      expect([answer.status, await answer.json()]).toEqual([200, { jobset: 'my-packages' }]);
      // The ninth in five minutes is beyond three in two.
      if (call <= 8) await polled;
      else expect(calls.length).toBe(before);
    }
    expect(calls).toHaveLength(8);
  });
});

const form = {
  name: 'by-form',
  build: 'packages',
  'param-input': 'emacs, vim@9',
  'channel-name': 'guix',
  'channel-url': 'https://git.example.org/guix.git',
  'channel-branch': 'master',
  period: '600',
  priority: '3',
  'x86_64-linux': 'on',
  'aarch64-linux': 'on',
};

describe('the form for specifications', () => {
  it('adds one, and refuses a name that is taken with a page', async () => {
    const added = await change('/admin/specification/add', form);
    expect([added.status, added.headers.get('location')]).toEqual([302, '/']);
    expect(await specification('by-form')).toMatchObject({
      ...{ backend: 'guix', selection: { packages: ['emacs', 'vim@9'] } },
      ...{ systems: ['x86_64-linux', 'aarch64-linux'], priority: 3, period: 600 },
      channels: [{ name: 'guix', url: 'https://git.example.org/guix.git', branch: 'master' }],
    });
    const again = await change('/admin/specification/add', form);
    expect([again.status, again.headers.get('content-type')]).toEqual([
      400,
      'text/html; charset=utf-8',
    ]);
    expect(await again.text()).toContain('Specification by-form already exists');
  });

  it('keeps introductions, pinned commits and what it has no field for', async () => {
    const before = await specification('my-packages');
    const channels = [
      ['guix', 'https://git.example.org/guix.git', 'version-2'],
      ['my-channel', 'https://git.example.org/mine.git', 'main'],
    ];
    const edited = new URLSearchParams({ ...form, name: 'my-packages', build: 'hello' });
    for (const key of ['channel-name', 'channel-url', 'channel-branch']) edited.delete(key);
    for (const [name, url, branch] of channels) {
      edited.append('channel-name', name!);
      edited.append('channel-url', url!);
      edited.append('channel-branch', branch!);
    }
    const answer = await change('/admin/specification/edit', edited.toString());
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/']);
    const after = await specification('my-packages');
    const [guix, mine] = (before?.['channels'] ?? []) as object[];
    expect(after).toMatchObject({
      ...{ selection: { set: 'hello' }, priority: 3 },
      ...{ buildOutputs: before?.['buildOutputs'], notifications: before?.['notifications'] },
      channels: [{ ...guix, url: channels[0]![1], branch: 'version-2' }, mine],
    });
  });

  it('says what is wrong with what was written', async () => {
    const answer = await change('/admin/specification/add', { ...form, name: 'b', build: 'x' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('/selection');
    const unknown = await change('/admin/specification/edit', { ...form, name: 'nobody' });
    expect([unknown.status, await unknown.json()]).toEqual([404, { error: 'Jobset not found.' }]);
  });

  it('puts one to sleep, and away', async () => {
    const asleep = await change('/admin/specifications/deactivate/by-form');
    expect([asleep.status, asleep.headers.get('location')]).toEqual([302, '/']);
    expect((await specification('by-form'))?.['active']).toBe(false);
    const away = await change('/admin/specifications/delete/by-form');
    expect([away.status, away.headers.get('location')]).toEqual([302, '/']);
    expect(await specification('by-form')).toBeUndefined();
    expect((await change('/admin/specifications/delete/by-form')).status).toBe(404);
  });
});

describe('builds and evaluations', () => {
  it('are restarted, retried and canceled by a POST, and lead back to their pages', async () => {
    const restarted = await change(`/admin/build/${guixBuilds.failed}/restart`);
    expect([restarted.status, restarted.headers.get('location')]).toEqual([
      302,
      '/build/2/details',
    ]);
    expect(JSON.parse((await ask('/build/2')).body.toString())).toMatchObject({ buildstatus: -2 });
    for (const wish of ['restart', 'retry', 'cancel']) {
      const answer = await change(`/admin/evaluation/5/${wish}`);
      expect([wish, answer.status, answer.headers.get('location')]).toEqual([
        ...[wish, 302],
        '/jobset/my-packages',
      ]);
    }
    const newest = JSON.parse(
      (await ask('/api/evaluations?nr=1&spec=my-packages')).body.toString(),
    ) as object[];
    expect(newest[0]).toMatchObject({ specification: 'my-packages', 'in-progress': true });
    for (const path of ['/admin/build/999999999/restart', '/admin/evaluation/999999999/cancel']) {
      expect((await change(path)).status).toBe(404);
    }
  });
});
