import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OverviewQueries } from '#adapters/postgres/overview-queries.js';
import { QueueOutlook } from '#adapters/postgres/queue-outlook.js';
import { WaitQueries, type WaitingGroup } from '#adapters/postgres/wait-queries.js';
import { QueueAnswer } from '#protocol/api/queue.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedFarm, seedManyJobs, type Seeded } from './seeded-farm.js';

let farm: ApiFarm;
let seeded: Seeded;
let many: number;
beforeAll(async () => {
  farm = await startApiFarm();
  seeded = await seedFarm(farm.parts.database, farm.parts.logs);
  many = await seedManyJobs(farm.parts.database, 10_000);
}, 60_000);
afterAll(() => farm.stop());

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${farm.address}${path}`, { redirect: 'manual', headers });
}

async function page(path: string): Promise<string> {
  const answer = await get(path);
  expect([path, answer.status]).toEqual([path, 200]);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const text = await answer.text();
  expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
  // What came from outside is text: no markup of a channel, a worker or a log gets through.
  const unsafe = /<script>|<b>|<it>|<no>|<x>|s3cret|\sstyle="|\son[a-z]+="|undefined/.exec(text);
  expect(unsafe?.[0]).toBeUndefined();
  return text;
}

async function json<T>(path: string): Promise<T> {
  const answer = await get(path);
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as T;
}

describe('the pages of a farm at work', () => {
  it('home shows specifications with verdicts and faults, and what is building', async () => {
    const text = await page('/');
    expect(text).toContain(
      '1 of 7 succeeded, 1 failed, 1 failed by an input, 1 could not be evaluated, ' +
        '1 building, 2 waiting',
    );
    expect(text).toContain('channel main cannot be fetched (unknown-branch, 12 times in a row)');
    expect(text).toContain('Worker two is gone.');
    expect(await page('/?name=nosuch')).toContain('No specification has that name.');
    expect(text).toContain('slow-1.0');
    expect(text).toContain('1 of 2 workers connected');
  });

  it('a specification shows fetch errors, the rewound branch and its evaluations', async () => {
    const text = await page('/specifications/demo');
    expect(text).toContain('no branch &lt;b>main&lt;/b>');
    expect(text).toContain('12 in a row');
    expect(text).toContain('The branch was rewound from');
    expect(text).toContain(`/evaluations/${seeded.evaluation}`);
  });

  it('an evaluation shows its verdict, jobs, errors and the evaluator’s log', async () => {
    const text = await page(`/evaluations/${seeded.evaluation}`);
    expect(text).toContain('1 of 7 succeeded');
    expect(text).toContain('error: attribute &lt;x> missing');
    expect(text).toContain('evaluating &lt;main>');
    const failed = await page(`/evaluations/${seeded.evaluation}?status=failed&name=`);
    expect(failed).toContain('>broken<');
    expect(failed).not.toContain('>slow<');
    const named = await page(`/evaluations/${seeded.evaluation}?name=SLOW`);
    expect(named).toContain('>slow<');
    expect(named).not.toContain('>broken<');
  });

  it('a failed build shows its reason, its coloured log as text, and who needs it', async () => {
    const text = await page(`/builds/${seeded.builds.failed}`);
    expect(text).toContain('The builder ended with an error.');
    expect(text).toContain(
      '<span class="f1 b">error:</span> &lt;script>alert(&quot;x&quot;)&lt;/script> &amp; more',
    );
    expect(text).toContain('needs-broken-1.0');
    expect(text).toContain('nix-build ./main/jobs/default.nix -A hydraJobs.broken');
    const told = await get(`/api/v1/builds/${seeded.builds.failed}/reproduce`);
    expect(told.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await told.text()).toContain('nix-build ./main/jobs/default.nix -A hydraJobs.broken');
    expect((await get('/api/v1/builds/99999/reproduce')).status).toBe(404);
    const dependent = await page(`/builds/${seeded.builds.dependency}`);
    expect(dependent).toContain('The input that failed:');
    expect(dependent).toContain(`href="/builds/${seeded.builds.failed}"`);
  });

  it('a build that waits says why', async () => {
    expect(await page(`/builds/${seeded.builds.noWorker}`)).toContain(
      'No worker builds for riscv64-linux.',
    );
    const waiting = await page(`/builds/${seeded.builds.waiting}`);
    expect(waiting).toContain('Its inputs are not finished.');
    expect(waiting).toContain('slow-1.0');
  });

  it('of a long log a page shows the end', async () => {
    const text = await page(`/builds/${seeded.builds.ok}`);
    expect(text).toContain('The last 500 lines of 1.5 MiB');
    expect(text.length).toBeLessThan(64 * 1024);
    expect(text).toContain(`href="/builds/${seeded.builds.ok}/log"`);
    const log = await page(`/builds/${seeded.builds.ok}/log`);
    expect(log).toContain('id="L100000"');
    expect(log).toContain(`href="/builds/${seeded.builds.ok}/log?attempt=`);
    const raw = `/api/v1/builds/${seeded.builds.ok}/log`;
    const part = await get(raw, { range: 'bytes=-16' });
    expect([part.status, await part.text()]).toEqual([206, 'line of the log\n']);
    expect(part.headers.get('content-range')).toBe('bytes 1599984-1599999/1600000');
  });

  it('a worker shows how far its builds are, and how its last attempts went', async () => {
    await farm.parts.database.execute(
      `insert into package_durations (package_name, system, milliseconds, samples)
       values ('slow', 'x86_64-linux', 240000, 3)`,
    );
    const text = await page('/workers/one');
    expect(text).toContain('1 of 2 slots');
    expect(text).toMatch(
      /of about 4 min.*<meter value="0\.2\d" aria-label="Progress of slow-1\.0">/,
    );
    expect(text).toContain('1 succeeded, 1 failed, and 0 were lost by the farm');
    expect(await page('/workers/two')).toContain('Gone since');
    expect((await get('/workers/three')).status).toBe(404);
    const { items } = await json<{ items: { running: unknown[] }[] }>('/api/v1/workers');
    expect(items[0]!.running).toMatchObject([{ expectedSeconds: 240 }]);
  });

  it('the queue tells of each system and priority how old it is, and why', async () => {
    const text = await page('/queue');
    expect(text).toContain('By system and priority');
    expect(text).toMatch(/riscv64-linux<\/td><td class="number">9<.*No worker builds for their/);
    const waiting = '/search?query=status%3Awaiting%20system%3Ariscv64-linux';
    expect(text).toContain(`<a href="${waiting}" aria-label="1 build waiting">1</a>`);
    expect(await page(waiting)).toContain('foreign-1.0');
    const queue = await json<{ byPriority: unknown[] }>('/api/v1/queue');
    expect(queue.byPriority).toMatchObject([
      { system: 'riscv64-linux', priority: 9, scheduled: 1, oldestScheduledAt: expect.any(String) },
      { system: 'x86_64-linux', reasons: [{ reason: 'inputs-unfinished', builds: 1 }] },
    ]);
  });

  it('the queue tells what is to come, and what ended lately', async () => {
    const { database } = farm.parts;
    expect(await new QueueOutlook(database).finished()).toBeNull();
    const shift = (hours: number) =>
      database.execute(
        `update builds set ended_at = ended_at + make_interval(hours => $2)
          where evaluation_id = $1`,
        [many, hours],
      );
    await shift(-2);
    await database.execute(`update evaluations set job_count = 9 where id = $1`, [
      seeded.evaluation,
    ]);
    for (const [digest, jobs, reader] of [
      ['coming', 3, 'one'],
      ['later', 0, null],
    ]) {
      await database.execute(
        `insert into evaluations (specification_id, specification_version, revisions_digest, try,
           trigger, status, job_count, evaluator, lease_expires_at)
         select specification_id, specification_version, $2, 1, 'hook', 'started', $3, $4,
                now() + interval '1 minute' from evaluations where id = $1`,
        [seeded.evaluation, digest, jobs, reader],
      );
    }
    const text = await page('/queue');
    expect(text).toMatch(
      /demo<.*Its jobs come in<\/td><td class="number">3<span class="quiet"> \(9 /,
    );
    expect(text).toContain('Waits for an evaluator');
    expect(text).toContain('not known now');
    const { outlook } = QueueAnswer.parse(await json('/api/v1/queue'));
    expect(outlook!.evaluations).toMatchObject({
      underWay: 2,
      items: [
        { phase: 'registering', jobs: 3, lastJobs: 9 },
        { phase: 'waiting', jobs: 0 },
      ],
    });
    const finished = await new QueueOutlook(database).finished();
    const each = { system: 'x86_64-linux', builds: 2, perHour: 2 };
    expect(finished).toMatchObject({ builds: 2, perHour: 2, bySystem: [each] });
    expect(outlook!.estimate).toBeNull();
    await shift(2);
    await database.execute(`delete from evaluations where revisions_digest in ('coming', 'later')`);
  });

  it('the metrics are drawn, and stand beside it as tables', async () => {
    await farm.parts.database.execute(
      `insert into metrics (kind, field, value)
       select 'builds-ended-on-day', '2026-11-0' || n, n * 10 from generate_series(1, 9) n`,
    );
    const text = await page('/metrics');
    expect(text).toContain('<title>2026-11-09: 90</title>');
    expect(text).toMatch(/<title>2026-11-01: 10<.*<title>2026-11-09: 90</s);
    expect(text).toMatch(/Builds ended as a table<\/summary>.*2026-11-09</s);
  });

  it('workers, queue, and what is not there', async () => {
    const workers = await page('/workers');
    expect(workers).toContain('offline');
    expect(workers).toContain('slow-1.0');
    expect(await page('/queue')).toContain('No worker builds for their system');
    const missing = await get('/builds/999999');
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain('There is no build 999999.');
    expect((await get('/nowhere')).headers.get('content-type')).toContain('text/html');
    const browser = { accept: 'text/html' };
    expect((await get('/eval/1', browser)).headers.get('location')).toBe('/evaluations/1');
    expect((await get('/build/1', browser)).headers.get('location')).toBe('/builds/1');
  });

  it('style and script are kept for ever under the name of their content', async () => {
    const text = await page('/');
    const addresses = text.match(/\/static\/[a-z0-9./]+/g) ?? [];
    expect(addresses).toHaveLength(3);
    for (const address of addresses) {
      expect(address).toMatch(/[0-9a-f]{16}/);
      const answer = await get(address);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toContain('immutable');
    }
  });
});

describe('what is counted part by part', () => {
  it('is the queue, each build once, in parts of any size', async () => {
    const queries = new WaitQueries(farm.parts.database);
    const whole = await queries.groups(null, 1000);
    expect(whole.next).toBeNull();
    const first = await queries.groups(null, 1);
    const second = await queries.groups(first.next, 1);
    expect(await queries.groups(second.next, 1)).toEqual({ groups: [], next: null });
    const facts = ({ demand, builds, inputs }: WaitingGroup) => [demand.system, builds, inputs];
    expect([...first.groups, ...second.groups].map(facts).sort()).toEqual(
      whole.groups.map(facts).sort(),
    );
  });

  it('are the jobs of an evaluation, each once', async () => {
    const queries = new OverviewQueries(farm.parts.database);
    const counted: number[] = [];
    let after: number | null = 0;
    for (let parts = 0; after !== null && parts < 9; parts += 1) {
      const { systems, next } = await queries.availability({ evaluation: many, after }, 3000);
      counted.push(systems.reduce((sum, { jobs }) => sum + jobs, 0));
      after = next;
    }
    expect(counted).toEqual([3000, 3000, 3000, 1000]);
  });
});

describe('the same in JSON', () => {
  it('a build with attempts, outputs and neighbours', async () => {
    const build = await json<Record<string, unknown>>(`/api/v1/builds/${seeded.builds.ok}`);
    expect(build).toMatchObject({
      id: String(seeded.builds.ok),
      status: 'succeeded',
      wait: null,
      attempts: [{ number: 1, worker: { name: 'one' }, status: 'succeeded' }],
      outputs: [{ name: 'out', offered: true, narSize: 12345 }],
      dependents: { total: 1 },
      jobs: [{ specification: 'demo', name: 'hello' }],
    });
    const wait = await json<{ wait: unknown }>(`/api/v1/builds/${seeded.builds.noWorker}`);
    expect(wait.wait).toMatchObject({ reason: 'no-worker-for-system' });
  });

  it('lists with filters and cursors', async () => {
    const first = await json<{ items: { id: string }[]; next: string }>(
      `/api/v1/evaluations/${many}/jobs?status=failed&limit=60`,
    );
    expect(first.items).toHaveLength(60);
    const second = await json<{ items: { id: string }[]; next: string | null }>(
      `/api/v1/evaluations/${many}/jobs?status=failed&limit=60&cursor=${first.next}`,
    );
    expect(second.items).toHaveLength(40);
    expect(second.next).toBeNull();
    const builds = await json<{ items: unknown[] }>('/api/v1/builds?status=started');
    expect(builds.items).toHaveLength(1);
    const queue = await json<Record<string, unknown>>('/api/v1/queue');
    expect(queue).toMatchObject({ scheduled: 2, started: 1 });
    const workers = await json<{ items: unknown[] }>('/api/v1/workers');
    expect(workers.items).toMatchObject([
      { state: 'connected', running: [{ slot: 0 }] },
      { state: 'offline' },
    ]);
  });
});

describe('a live log', () => {
  it('goes on from a byte offset, shows what comes, and ends with the build', async () => {
    const { running } = seeded.builds;
    const key = `attempt-${seeded.attempts.running}` as const;
    await farm.parts.logs.append(key, 0, Buffer.from('one\ntwo\n'));
    const stream = await get(`/api/v1/builds/${running}/log/stream`, { 'last-event-id': '4' });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const events = eventsOf(stream);
    expect(await events.next('attempt')).toMatchObject({ id: '4' });
    expect(await events.next('log')).toEqual({ id: '8', data: 'two\n' });
    await farm.parts.logs.append(key, 8, Buffer.from('three <€>\n'));
    await farm.parts.bus.publish(`live/log/${key}`, '20');
    expect(await events.next('log')).toEqual({ id: '20', data: 'three <€>\n' });
    await farm.parts.database.execute(
      "update builds set status = 'canceled', ended_at = now() where id = $1",
      [running],
    );
    await farm.parts.bus.publish('live/builds', '{}');
    expect(await events.next('end')).toMatchObject({ data: { status: 'canceled' } });
  });

  it('of a build that is over ends at once, in spans when a page asks', async () => {
    const path = `/api/v1/builds/${seeded.builds.failed}/log/stream?format=spans`;
    const events = eventsOf(await get(path));
    await events.next('attempt');
    expect(await events.next('log')).toMatchObject({
      data: [
        ['error:', 'f1 b'],
        [' <script>alert("x")</script> & more\n', ''],
      ],
    });
    await events.next('end');
    expect((await get('/api/v1/builds/999999/log/stream')).status).toBe(404);
  });
});

describe('an evaluation of 10,000 jobs', () => {
  it('stays usable', async () => {
    const paths = [
      `/evaluations/${many}`,
      `/evaluations/${many}?status=failed`,
      '/',
      '/specifications/many',
    ];
    for (const path of paths) {
      await page(path);
      const before = performance.now();
      const text = await page(path);
      const took = performance.now() - before;
      process.stdout.write(
        `${path}: ${took.toFixed(0)} ms, ${(text.length / 1024).toFixed(0)} KiB\n`,
      );
      expect(took).toBeLessThan(2000);
      expect(text.length).toBeLessThan(200 * 1024);
    }
    expect(await page(`/evaluations/${many}`)).toContain(
      '9\u202f900 of 10\u202f000 succeeded, 100 failed',
    );
  });
});

interface Event {
  readonly id: string;
  readonly data: unknown;
}

/** Reads server-sent events; `next` waits for the next one of a name and passes over no other. */
function eventsOf(answer: Response): { next(name: string): Promise<Event> } {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const block = async (): Promise<string> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        if (found.includes('event:')) return found;
        continue;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream ended');
      text += value;
    }
  };
  return {
    async next(name) {
      const fields = Object.fromEntries(
        (await block()).split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)),
      ) as Record<string, string>;
      expect(fields['event']).toBe(name);
      return { id: fields['id'] ?? '', data: JSON.parse(fields['data'] ?? 'null') };
    },
  };
}
