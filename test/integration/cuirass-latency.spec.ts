/**
 * The figure of `npm run bench -- --only cuirass-api` at a small size: every address answers what
 * is meant over the generated farm, so does every page of the dashboard (`--only pages`), and what
 * was generated is what the coordinator keeps.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresWeatherStore } from '#adapters/postgres/weather-store.js';
import { followWeather } from '#application/follow-weather.js';
import { letIn } from '../../bench/administration-routes.js';
import { measureAddresses, table } from '../../bench/cuirass-measure.js';
import { measurePages, pageTable } from '../../bench/pages.js';
import { makeFarm, sizeFor } from '../../bench/ten-million.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

const full = process.env['GAMBESON_TEST_FULL'] === '1';
const builds = full ? 100_000 : 10_000;

let farm: ApiFarm;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-latency-'));
  farm = await startApiFarm({ GAMBESON_DATA: directory, ...letIn });
  await makeFarm(farm.parts.database, sizeFor(builds), () => undefined);
}, 120_000);

afterAll(async () => {
  await farm.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('the generated farm', () => {
  it('is asked at every address, and each answers what is meant', async () => {
    const { hostname, port } = new URL(farm.address);
    const latencies = await measureAddresses({
      ...{ host: hostname, port: Number(port), database: farm.parts.database },
      ...{ requests: full ? 20 : 2, tell: () => undefined },
    });
    expect(latencies.length).toBeGreaterThan(50);
    expect(latencies.filter(({ wrong }) => wrong !== null)).toEqual([]);
    expect(table(latencies)).toContain('/api/latestbuilds?nr=1000');
  }, 60_000);

  it('has the weather and the counts that the coordinator makes of it', async () => {
    const generated = await kept();
    await farm.parts.database.execute(
      'truncate weather_changes, job_standings, evaluation_counts cascade',
    );
    await farm.parts.database.execute('update evaluations set weighed_at = null');
    await followWeather(new PostgresWeatherStore(farm.parts.database), () => true);
    expect(await kept()).toEqual(generated);
    expect(generated.changes.length).toBeGreaterThan(10);
  }, 60_000);

  // The last, since it writes evaluations of its own.
  it('is shown on every page, of 60 KiB gzipped at most', async () => {
    const { hostname, port } = new URL(farm.address);
    const pages = await measurePages({
      ...{ host: hostname, port: Number(port), database: farm.parts.database },
      ...{ requests: full ? 20 : 2, tell: () => undefined },
    });
    expect(pages.length).toBeGreaterThan(15);
    expect(pages.filter(({ wrong }) => wrong !== null)).toEqual([]);
    expect(pages.filter(({ gzipped }) => gzipped > 60 * 1024)).toEqual([]);
    expect(pageTable(pages)).toContain('/builds/ID that waits');
  }, 60_000);
});

/** But of the one evaluation with several jobs of a name. */
async function kept() {
  const { database } = farm.parts;
  const { specifications } = sizeFor(builds);
  return {
    changes: await database.query(
      `select evaluation_id, build_id, name_id, system, weather, reference_evaluation_id,
              reference_build_id from weather_changes where specification_id <= $1
        order by 1, 2, 3`,
      [specifications],
    ),
    standings: await database.query(
      'select * from job_standings where specification_id <= $1 order by 1, 2, 3',
      [specifications],
    ),
    counts: await database.query('select * from evaluation_counts order by 1'),
  };
}
