/** What is measured of the farm, and where it is told. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresMetricStore } from '#adapters/postgres/metrics-store.js';
import { measureFarm } from '#application/measure-farm.js';
import type { MetricKind } from '#domain/weather/metrics.js';
import { MetricsAnswer } from '#protocol/api/metric.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { WeatherFarm } from './weather-farm.js';

let farm: ApiFarm;
let rows: WeatherFarm;
let evaluation: number;
let written: number;

beforeAll(async () => {
  farm = await startApiFarm();
  rows = new WeatherFarm(farm.parts.database);
  const specification = await rows.specification();
  evaluation = await rows.evaluation(specification);
  const builds = [await rows.build(evaluation), await rows.build(evaluation)];
  for (const [place, build] of builds.entries()) await rows.job(evaluation, `job-${place}`, build);
  await rows.end(evaluation);
  await rows.end(await rows.evaluation(specification), 'failed');
  // Read in 100 seconds; its builds began after 60 and 120, and ended after 7200.
  await run(
    `update evaluations set started_at = now() - interval '3 hours',
            ended_at = now() - interval '3 hours' + interval '100 seconds' where id = $1`,
    [evaluation],
  );
  await run(
    `update builds b set status = 'succeeded', ended_at = e.started_at + interval '2 hours',
            started_at = e.started_at + make_interval(secs => 60 * p.place)
       from unnest($1::bigint[]) with ordinality p (id, place), evaluations e
      where b.id = p.id and e.id = b.evaluation_id`,
    [builds],
  );
  const old = await rows.build(evaluation, 'failed');
  await run(
    `update builds set ended_at = date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
                                  - interval '12 hours' where id = $1`,
    [old],
  );
  await rows.build(evaluation);
  await run(`insert into workers (name, credential_hash) values ('one', ''), ('two', '')`, []);
  await run(
    `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status)
     select $1, id, 1, (select id from workers where name = 'one'), 0, 'succeeded'
       from unnest($2::bigint[]) b (id)`,
    [evaluation, builds],
  );
  await rows.weigh();
  written = await measureFarm(new PostgresMetricStore(farm.parts.database));
}, 60_000);

afterAll(() => farm.stop());

describe('the metrics', () => {
  it('tell how long evaluations take and how many of them fail', async () => {
    expect(await values('evaluation-seconds-last-10')).toEqual([['weather-1', 100]]);
    expect(await values('failed-evaluations-percent-all')).toEqual([['weather-1', 50]]);
  });

  it('tell when the builds of an evaluation begin and end, and how fast they are', async () => {
    const field = String(evaluation);
    expect(await values('evaluation-seconds-until-builds-start')).toEqual([[field, 90]]);
    expect(await values('evaluation-seconds-until-builds-end')).toEqual([[field, 7200]]);
    expect(await values('evaluation-builds-per-hour')).toEqual([[field, 1]]);
  });

  it('tell what ended yesterday, what waits today, and what each worker built', async () => {
    const [ended] = await values('builds-ended-on-day');
    // After midnight in UTC those of an hour ago are yesterday's, too.
    expect(ended?.[1]).toBeGreaterThanOrEqual(1);
    expect((await values('builds-pending-on-day')).map(([, value]) => value)).toEqual([1]);
    expect(await values('worker-builds-last-day')).toEqual([
      ['one', 2],
      ['two', 0],
    ]);
  });

  it('are measured once an hour', async () => {
    const store = new PostgresMetricStore(farm.parts.database);
    expect(written).toBeGreaterThan(10);
    expect(await measureFarm(store)).toBe(0);
    await run(`update metrics set measured_at = now() - interval '61 minutes'`, []);
    expect(await measureFarm(store)).toBeGreaterThan(5);
  });

  it('stand on a page for people', async () => {
    const answer = await fetch(`${farm.address}/metrics`);
    expect(answer.headers.get('content-type')).toContain('text/html');
    const text = await answer.text();
    expect(text).toContain('weather-1');
    expect(text).toContain('7,200');
  });
});

async function values(kind: MetricKind): Promise<[string, number][]> {
  const answer = await fetch(`${farm.address}/api/v1/metrics?kind=${kind}`);
  const { items } = MetricsAnswer.parse(await answer.json());
  expect(items.every((item) => item.kind === kind)).toBe(true);
  return items.map(({ field, value }): [string, number] => [field, value]).toSorted();
}

async function run(text: string, given: readonly unknown[]): Promise<void> {
  await farm.parts.database.execute(text, given);
}
