import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedFarm, type Seeded } from './seeded-farm.js';

describe('a farm without Redis', () => {
  let farm: ApiFarm;
  let seeded: Seeded;
  beforeAll(async () => {
    farm = await startApiFarm({ REDIS_URL: '' });
    seeded = await seedFarm(farm.parts.database, farm.parts.logs);
  }, 60_000);
  afterAll(() => farm.stop());

  it('is ready, takes the hook and calls the poller', async () => {
    expect((await fetch(`${farm.address}/readyz`)).status).toBe(200);
    const called = new Promise<string>((resolve) => {
      void farm.parts.timers.consume(async (call) => resolve(call.trigger), 1);
    });
    const answer = await fetch(`${farm.address}/jobset/demo/hook/evaluate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${farm.parts.adminToken}` },
    });
    expect(answer.status).toBe(200);
    expect(await called).toBe('hook');
  }, 20_000);

  it('streams a log', async () => {
    const path = `/api/v1/builds/${seeded.builds.failed}/log/stream`;
    expect(await (await fetch(`${farm.address}${path}`)).text()).toContain('event: end');
  });
});

describe('a farm whose Postgres has gone', () => {
  let farm: ApiFarm;
  beforeAll(async () => {
    farm = await startApiFarm();
  }, 60_000);
  afterAll(() => farm.stop(), 20_000);

  it('says so to people and programs, and lives', async () => {
    expect((await fetch(`${farm.address}/`)).status).toBe(200);
    await farm.stopPostgres();
    for (const path of ['/', '/workers', '/builds/1']) {
      const page = await fetch(`${farm.address}${path}`);
      expect([path, page.status]).toEqual([path, 503]);
      expect(page.headers.get('retry-after')).toBe('5');
      expect(await page.text()).toContain('Postgres does not answer');
    }
    for (const path of ['/api/v1/specifications', '/api/v1/builds', '/api/v1/workers']) {
      const answer = await fetch(`${farm.address}${path}`);
      expect([path, answer.status]).toEqual([path, 503]);
      expect(await answer.json()).toMatchObject({
        type: 'urn:gambeson:problem:database-unavailable',
        detail: 'Postgres does not answer.',
      });
    }
    const ready = await fetch(`${farm.address}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ checks: { postgres: 'Postgres does not answer' } });
    expect((await fetch(`${farm.address}/livez`)).status).toBe(200);
  }, 60_000);
});
