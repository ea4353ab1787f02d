/** One of several coordinators leads, by a lock on a real Postgres. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { Leadership } from '#adapters/postgres/leadership.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';

let postgres: TestPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
  database = new Database((await postgres.freshDatabase()).url);
}, 60_000);
afterAll(async () => {
  await database.close();
  await postgres.stop();
});

interface Candidate {
  readonly lead: Leadership;
  readonly gained: Promise<void>;
  readonly lost: Promise<void>;
}

function candidate(): Candidate {
  const gained = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  const lead = new Leadership(database, 7, (standing) => {
    if (standing === 'leads') gained.resolve();
    if (standing === 'cut-off') lost.resolve();
  });
  return { lead, gained: gained.promise, lost: lost.promise };
}

describe('the lead', () => {
  it('passes to a standby within five seconds when the leader’s connection is cut', async () => {
    const [first, standby] = [candidate(), candidate()];
    await first.lead.start();
    await standby.lead.start();
    expect([first.lead.standing, standby.lead.standing]).toEqual(['leads', 'stands-by']);
    const begun = performance.now();
    await database.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted`,
    );
    await first.lost;
    await first.lead.stop();
    await standby.gained;
    expect(performance.now() - begun).toBeLessThan(5000);
    await standby.lead.stop();
    expect(standby.lead.standing).toBe('cut-off');
  }, 20_000);
});
