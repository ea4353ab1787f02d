/** The engine's rows for specs on real Postgres: a server for the file, a farm for each test. */
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { EngineFarm } from './engine-support.js';

const startMilliseconds = 60_000;

/** `begin` hears of each new farm before its test; the farm is closed after it. */
export function freshEngines(begin: (farm: EngineFarm) => void | Promise<void>): void {
  let postgres: TestPostgres;
  let farm: EngineFarm;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  }, startMilliseconds);
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    farm = await EngineFarm.open(await postgres.freshDatabase());
    await begin(farm);
  });
  afterEach(() => farm.close());
}
