/**
 * A farm that has lived: what the pages show in all their situations. Beside the rows of
 * seeded-farm.ts, two evaluations of `packages` between which jobs broke, were mended, came and
 * went; workers of every state; a pull request, untrusted; a long log with phases and colours.
 */
import { PostgresWeatherStore } from '#adapters/postgres/weather-store.js';
import type { Database } from '#adapters/postgres/database.js';
import { followWeather } from '#application/follow-weather.js';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import { seedAdministration } from './administration-rows.js';
import {
  seedAttempt,
  seedBuild,
  seedEvaluation,
  seedFarm,
  seedJob,
  seedManyJobs,
  seedNextEvaluation,
  type Seeded,
} from '../integration/seeded-farm.js';

export interface LivedInFarm extends ApiFarm {
  readonly ids: LivedInIds;
}

export interface LivedInIds {
  /** The demo of seeded-farm.ts. */
  readonly demo: Seeded;
  /** 2,000 jobs. */
  readonly many: number;
  /** Two evaluations of `packages`: jobs broke, were mended, came and went. */
  readonly before: number;
  readonly after: number;
  /** A build of `after` that failed, with a log of many phases. */
  readonly broke: number;
  /** Of the pull request, which is not trusted. */
  readonly request: number;
}

const longLogLines = 20_000;

export async function startLivedInFarm(): Promise<LivedInFarm> {
  // Whoever comes from this machine is let in to /admin, as a proxy before the farm does it.
  const farm = await startApiFarm({
    GAMBESON_ADMIN_TRUST: 'proxy',
    GAMBESON_TRUSTED_PROXIES: '127.0.0.1',
  });
  try {
    return { ...farm, ids: await seedLife(farm) };
  } catch (error) {
    await farm.stop();
    throw error;
  }
}

async function seedLife({ parts: { database, logs } }: ApiFarm): Promise<LivedInIds> {
  const demo = await seedFarm(database, logs);
  // Longer than a box of the graph is wide.
  await database.execute('update derivations set name = $2 where id = $1', [
    demo.builds.dependency,
    'needs-broken-and-more-than-that-1.0',
  ]);
  await seedWorkers(database);
  const many = await seedManyJobs(database, 2000);
  const packages = await seedPackages(database);
  const attempt = await seedAttempt(database, packages.broke, 'failed');
  await logs.append(`attempt-${attempt}`, 0, Buffer.from(longLog()));
  const request = await seedRequest(database);
  await seedAdministration(database);
  await followWeather(new PostgresWeatherStore(database), () => true);
  await database.execute('analyze');
  return { demo, many, request, ...packages };
}

async function seedWorkers(database: Database): Promise<void> {
  await database.execute(
    `insert into workers (name, credential_hash, systems, slots, cores, speed, class, version,
       connected_at, last_seen_at, gateway, load, memory_free, disk_free, draining, paused_at,
       pause_note, pause_until, holds_back, refused_at, refused_code, refused_message)
     values
      ('draining', 'x', '{x86_64-linux}', 4, 8, 1, 'x86_64-linux~@1', '0.1.0', now(), now(), 'g',
        0.2, 4e9, 9e10, true, null, null, null, null, null, null, null),
      ('paused', 'x', '{aarch64-linux}', 4, 8, 1, 'aarch64-linux~@1', '0.1.0', now(), now(), 'g',
        0.1, 4e9, 9e10, false, now(), 'new <disk>', now() + interval '2 hours', null, null, null,
        null),
      ('full', 'x', '{aarch64-linux}', 4, 8, 2, 'aarch64-linux~@2', '0.1.0', now(), now(), 'g',
        0.1, 4e9, 1e8, false, null, null, null, 'disk-guard', null, null, null),
      ('old', 'x', '{i686-linux}', 1, 2, 1, 'i686-linux~@1', '0.0.1', null, now(), null, null,
        null, null, false, null, null, null, null, now(), 'upgrade-required', 'too old')`,
  );
}

type Packages = Pick<LivedInIds, 'before' | 'after' | 'broke'>;

async function seedPackages(database: Database): Promise<Packages> {
  const before = await seedEvaluation(database, 'packages');
  const build = (name: string, status: string, more = {}) =>
    seedBuild(database, before, { name, status, ...more });
  const steady = await build('steady-1.0', 'succeeded', { output: true });
  const ailing = await build('ailing-1.0', 'failed', { reason: 'timed-out' });
  await build('breaks-1.0', 'succeeded', { output: true });
  await build('mends-1.0', 'failed', { reason: 'builder-failed' });
  await build('goes-1.0', 'succeeded');
  const after = await seedNextEvaluation(database, before);
  // Of one channel: commits lie between them.
  await database.execute(
    `update checkouts o set url = n.url from checkouts n
      where o.evaluation_id = $1 and n.evaluation_id = $2`,
    [before, after],
  );
  const next = (name: string, status: string, more = {}) =>
    seedBuild(database, after, { name, status, ...more });
  await seedJob(database, after, { name: 'steady', build: steady });
  await seedJob(database, after, { name: 'ailing', build: ailing });
  const broke = await next('breaks-2.0', 'failed', { reason: 'builder-failed' });
  await next('mends-2.0', 'succeeded', { output: true });
  await next('comes-1.0', 'succeeded');
  await next('dropped-1.0', 'canceled');
  await next('lost-1.0', 'failed-other', { reason: 'worker-lost' });
  for (const name of ['first-1.0', 'second-1.0', 'third-1.0']) {
    await next(name, 'failed-dependency', {
      ...{ inputs: [broke, steady], failedInput: broke, reason: 'dependency' },
    });
  }
  return { before, after, broke };
}

async function seedRequest(database: Database): Promise<number> {
  const name = 'packages-pr-42';
  const evaluation = await seedEvaluation(database, name, { trust: 'untrusted' });
  await seedBuild(database, evaluation, { name: 'proposed-1.0', status: 'succeeded' });
  await database.execute(
    `with forge as (
       insert into forges (name, kind, address, api_address)
       values ('codeberg', 'forgejo', 'https://forge.example', 'https://forge.example/api/v1')
       returning id),
     template as (
       insert into forge_templates (forge_id, repository, specification, admits, requests_at_most,
         priority, max_running, expiry_hours)
       select id, 'guix/guix', 'packages', 'everyone', 10, 9, 10, 24 from forge returning id)
     insert into forge_requests (template_id, number, name, specification_id, revision, state,
       updated_at, expires_at)
     select t.id, 42, $1, s.id, repeat('a', 40), 'open', now(), now() + interval '1 day'
       from template t, specifications s where s.name = $1`,
    [name],
  );
  return evaluation;
}

/** As Guix writes it: phases, colours, progress that draws over itself, an error near the end. */
function longLog(): string {
  const lines = ["starting phase `unpack'", "phase `unpack' succeeded after 0.1 seconds"];
  lines.push("starting phase `build'");
  for (let n = 1; n <= longLogLines; n += 1) {
    lines.push(n % 10 === 0 ? `\u001b[32m[${n}]\u001b[0m  CC file-${n}.o` : `compiling file ${n}`);
  }
  lines.push(' 10%\r 50%\r100%', '\u001b[1;31merror:\u001b[0m it <broke> here');
  lines.push("error: in phase 'build': uncaught exception:", 'build failed');
  return `${lines.join('\n')}\n`;
}
