/** Seeds of the simulator with the real stores on real Postgres: the same driver, the same eyes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresFarm } from '#testkit/postgres-farm.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { runSeed } from '../simulator/run-seed.js';

const seeds = process.env['GAMBESON_TEST_FULL'] === '1' ? 50 : 3;
const patience = 120_000;
let server: TestPostgres;

describe('a farm under faults, on Postgres', () => {
  beforeAll(async () => {
    server = await startTestPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  for (let seed = 1; seed <= seeds; seed += 1) {
    it(
      `keeps its promises in seed ${seed}`,
      async () => {
        const subject = await PostgresFarm.open(await server.freshDatabase());
        try {
          const { broken, steps } = await runSeed({ seed, subject });
          const again = `npm run simulate -- --postgres --seed ${seed} --seeds 1 --trace`;
          expect(broken ? `${broken.message} (${again})` : 'kept').toBe('kept');
          expect(steps).toBeGreaterThan(100);
        } finally {
          await subject.close();
        }
      },
      patience,
    );
  }
});
