/**
 * The statuses of commits at their forges: what each forge is sent, by its public documents, as an
 * evaluation goes on; and what becomes of it when the forge will not have it.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { forgeKinds, type ForgeKind } from '#domain/forge/forge.js';
import { readSettings } from '#nest/settings.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { addSpecification } from './notification-support/change-rows.js';
import { startHookServer, type Hook, type HookServer } from './notification-support/receivers.js';

const sha = 'a'.repeat(40);
const limited = 'b'.repeat(40);
const shaOfRequest = 'c'.repeat(40);
const paths: Readonly<Record<ForgeKind, string>> = {
  github: `/github/api/repos/team/tools/statuses/${sha}`,
  gitlab: `/gitlab/api/projects/team%2Ftools/statuses/${sha}`,
  gitea: `/gitea/api/repos/team/tools/statuses/${sha}`,
  forgejo: `/forgejo/api/repos/team/tools/statuses/${sha}`,
};
const created = 201;

let postgres: TestPostgres;
let redis: TestRedis;
let server: HookServer;
let database: Database;
let coordinator: Coordinator;
let data: string;
let specification: number;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'gambeson-statuses-'));
  const reset = String(Math.floor(Date.now() / 1000) + 3600);
  const isCreated = Object.values(paths).map((path) => [
    path,
    (response: Parameters<Parameters<typeof startHookServer>[0][string]>[0]) =>
      void response.writeHead(created).end('{}'),
  ]);
  [postgres, redis, server] = await Promise.all([
    startTestPostgres(),
    startTestRedis(),
    startHookServer({
      ...Object.fromEntries(isCreated),
      '/gitlab/api/projects/team%2Fgone/statuses/dd': (response) =>
        void response.writeHead(404).end('{"message":"404 Project Not Found"}'),
      [`/github/api/repos/team/tools/statuses/${limited}`]: (response) =>
        void response
          .writeHead(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset })
          .end('limit'),
      [`/gitlab/api/projects/team%2Ftools/statuses/${shaOfRequest}`]: (response) =>
        void response
          .writeHead(400)
          .end('{"message":"Cannot transition status via :run from :running"}'),
    }),
  ]);
  const { url } = await postgres.freshDatabase();
  database = new Database(url, 4);
  const credentials = join(data, 'credentials');
  await mkdir(credentials);
  await writeFile(join(credentials, 'bot'), 'a-token\n', { mode: 0o600 });
  for (const kind of forgeKinds) {
    await database.execute(
      `insert into forges (name, kind, address, api_address, status_credential)
       values ($1, $1, $2, $3, 'bot')`,
      [kind, `${server.url}/${kind}`, `${server.url}/${kind}/api`],
    );
  }
  await database.query('select ensure_evaluation_partitions(1)');
  specification = await addSpecification(database, 'base', []);
  const settings = readSettings(
    {
      ...{ GAMBESON_DATA: data, GAMBESON_CREDENTIALS: credentials },
      ...{ GAMBESON_URL: 'https://ci.example.org', GAMBESON_TICK_SECONDS: '0.05' },
      ...{ DATABASE_URL: url, REDIS_URL: redis.url },
      ...{ GAMBESON_PRIVATE_RECEIVERS: '127.0.0.1', GAMBESON_NOTIFY_GATHER_SECONDS: '0' },
    },
    0,
  );
  coordinator = new Coordinator(openCoordinator(settings));
  await coordinator.onApplicationBootstrap();
}, 60_000);

afterAll(async () => {
  await coordinator?.beforeApplicationShutdown();
  await coordinator?.onApplicationShutdown();
  await database?.close();
  await server?.stop();
  await redis?.stop();
  await postgres?.stop();
  await rm(data, { recursive: true, force: true });
});

type Checkout = readonly [address: string, revision: string];

/** An evaluation of two jobs, read to its end, whose builds are not there yet. */
async function evaluation(of: number, checkouts: readonly Checkout[]): Promise<[number, number]> {
  const [row] = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                              trigger, status, ended_at)
     values ($1, 1, $2, 1, 'poll', 'succeeded', now()) returning id`,
    [of, JSON.stringify(checkouts)],
  );
  const first = row!.id * 10;
  await database.execute(
    `with b as (insert into builds (id, evaluation_id, status)
                select n, $1, 'scheduled' from generate_series($2::bigint, $2 + 1) n returning id),
          n as (insert into job_names (name) select 'job-' || id from b returning id, name)
     insert into jobs (evaluation_id, name_id, system, build_id)
     select $1, n.id, 'x86_64-linux', b.id from b join n on n.name = 'job-' || b.id`,
    [row!.id, first],
  );
  await database.execute(
    `insert into checkouts (evaluation_id, channel, url, branch, revision)
     select $1, 'channel-' || n, u, 'main', r
       from unnest($2::text[], $3::text[]) with ordinality as c (u, r, n)`,
    [row!.id, checkouts.map(([address]) => address), checkouts.map(([, revision]) => revision)],
  );
  return [row!.id, first];
}

function ends(build: number, status: string): Promise<number> {
  return database.execute(
    `update builds set status = $2, ended_at = now(), failure_propagated = true where id = $1`,
    [build, status],
  );
}

/** The nth status that a path was sent. */
async function sent(path: string, nth: number): Promise<[Hook, Record<string, unknown>]> {
  const hook = await server.at(path).nth(nth);
  return [hook, JSON.parse(hook.body) as Record<string, unknown>];
}

function row(revision: string, holds: (row: Record<string, unknown>) => boolean) {
  return answered(`a status of ${revision}`, async () => {
    const [found] = await database.query('select * from commit_statuses where revision = $1', [
      revision,
    ]);
    return found && holds(found) ? found : null;
  });
}

describe('the status of a commit', () => {
  it('follows its evaluation at each of the four forges, and links to what failed', async () => {
    const checkouts = forgeKinds.map(
      (kind) => [`${server.url}/${kind}/Team/tools.git`, sha] as const,
    );
    const elsewhere = ['https://git.example.org/other.git', sha] as const;
    const [of, build] = await evaluation(specification, [...checkouts, elsewhere]);
    const page = `https://ci.example.org/eval/${of}`;
    const told = { context: 'gambeson/base', target_url: page };
    const description = 'Builds are under way.';
    const headers = {
      github: {
        authorization: 'Bearer a-token',
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      },
      gitlab: { 'private-token': 'a-token' },
      gitea: { authorization: 'token a-token' },
      forgejo: { authorization: 'token a-token' },
    };
    for (const kind of forgeKinds) {
      const [hook, body] = await sent(paths[kind], 1);
      expect(hook).toMatchObject({
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers[kind] },
      });
      const github = { state: 'pending', ...told, description };
      const gitlab = { state: 'running', name: 'gambeson/base', target_url: page, description };
      expect(body).toEqual(kind === 'gitlab' ? gitlab : github);
    }
    await ends(build, 'failed');
    const failure = { target_url: `https://ci.example.org/build/${build}/details` };
    for (const kind of forgeKinds) {
      const [, body] = await sent(paths[kind], 2);
      const state = kind === 'gitlab' ? 'failed' : 'failure';
      expect(body).toMatchObject({ state, ...failure });
    }
    await ends(build + 1, 'succeeded');
    const [, last] = await sent(paths.forgejo, 3);
    expect(last).toMatchObject({ description: '1 of 2 jobs failed.', ...failure });
    // Somebody restarted it.
    await ends(build, 'succeeded');
    const [, mended] = await sent(paths.forgejo, 4);
    expect(mended).toEqual({ ...told, state: 'success', description: 'All 2 jobs succeeded.' });
    await row(sha, ({ state, claim }) => state === 'idle' && claim === null);
    const rows = await database.query('select from commit_statuses');
    expect(rows).toHaveLength(forgeKinds.length);
  });

  it('is not asked of a repository that refused one, nor of a forge that wants rest', async () => {
    const gone = `${server.url}/gitlab/team/gone.git`;
    await evaluation(specification, [[gone, 'dd']]);
    const refused = await row('dd', ({ state }) => state === 'given-up');
    expect(refused).toMatchObject({ attempts: 1, last_answer: expect.stringMatching(/^404 /) });
    await evaluation(specification, [[gone, 'ee']]);
    await evaluation(specification, [[`${server.url}/github/team/tools.git`, limited]]);
    const rests = await row(limited, ({ last_answer }) => last_answer !== null);
    expect(rests).toMatchObject({ state: 'waiting', attempts: 1, last_answer: '403 limit' });
    const seconds = (Number(rests['next_try_at']) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(3000);
    expect(await database.query(`select from commit_statuses where revision = 'ee'`)).toEqual([]);
  });

  it('of a fork is written where its request is to be merged', async () => {
    const request = await addSpecification(database, 'base-pr-7', []);
    await database.execute(
      `with t as (
         insert into forge_templates (forge_id, repository, specification, admits,
                                      requests_at_most, priority, max_running, expiry_hours)
         select id, 'team/tools', 'base', 'everyone', 5, 9, 1, 1 from forges where kind = 'gitlab'
         returning id)
       insert into forge_requests (template_id, number, name, specification_id, revision, state,
                                   updated_at, expires_at)
       select id, 7, 'base-pr-7', $1, $2, 'open', now(), now() + interval '1 hour' from t`,
      [request, shaOfRequest],
    );
    await evaluation(request, [
      [`${server.url}/gitlab/stranger/tools.git`, shaOfRequest],
      [`${server.url}/github/team/other.git`, 'ff'],
    ]);
    const [, body] = await sent(`/gitlab/api/projects/team%2Ftools/statuses/${shaOfRequest}`, 1);
    expect(body).toMatchObject({ state: 'running', name: 'gambeson/base-pr-7' });
    // GitLab says in its own way that it is so already.
    await row(shaOfRequest, ({ state }) => state === 'idle');
    expect(await database.query(`select from commit_statuses where revision = 'ff'`)).toEqual([]);
  });
});

describe('a build that breaks', () => {
  it('is told from the end of the build on, without anybody writing rows for it', async () => {
    const told = [{ type: 'webhook', url: `${server.url}/told` }] as const;
    const of = await addSpecification(database, 'told', told);
    const named = 'update job_names set name = $2 where name = $1';
    const [, before] = await evaluation(of, [['https://git.example.org/x.git', '01']]);
    await database.execute(named, [`job-${before}`, 'tool']);
    await ends(before, 'succeeded');
    await answered('the first result is known', async () => {
      const [standing] = await database.query(
        'select from job_standings where specification_id = $1 and succeeded',
        [of],
      );
      return standing ?? null;
    });
    const [second, after] = await evaluation(of, [['https://git.example.org/x.git', '02']]);
    await database.execute(
      `update jobs set name_id = (select id from job_names where name = 'tool')
        where evaluation_id = $1 and build_id = $2`,
      [second, after],
    );
    await ends(after, 'failed');
    const [, body] = await sent('/told', 1);
    expect(body).toMatchObject({
      data: {
        title: 'Build tool on told is broken.',
        evaluation: { id: String(second) },
        changes: [{ build: { url: `https://ci.example.org/build/${after}/details` } }],
      },
    });
  });
});
