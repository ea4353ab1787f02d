import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedFarm } from './seeded-farm.js';

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm();
  await seedFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

/** As Prometheus asks. */
const accept =
  'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*';

async function scrape(): Promise<string> {
  const answer = await fetch(`${farm.address}/metrics`, { headers: { accept } });
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return answer.text();
}

describe('the measures of a farm', () => {
  it('tell what is under way, waits and builds, by system and reason', async () => {
    const text = await scrape();
    for (const line of [
      'gambeson_builds{system="x86_64-linux",state="started"} 1',
      'gambeson_builds{system="riscv64-linux",state="scheduled"} 1',
      'gambeson_workers{state="connected",system="x86_64-linux"} 1',
      'gambeson_workers{state="offline",system="x86_64-linux"} 1',
      'gambeson_worker_slots{state="busy"} 1',
      'gambeson_evaluations{state="succeeded"} 1',
      'gambeson_process_state_info{app="api",state="running"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toMatch(/gambeson_builds_waiting\{reason="no-worker-for-system"\} 1/);
    expect(text).toMatch(/gambeson_queue_oldest_age_seconds\{system=".+",priority="9"\} \d/);
    expect(text).not.toMatch(/\b(NaN|undefined)\b/);
  });

  it('are lines that Prometheus reads, each family told once', async () => {
    const lines = (await scrape()).trimEnd().split('\n');
    const sample = /^gambeson_[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)*\})? [0-9.e+-]+$/;
    const bad = lines.filter((line) => !line.startsWith('# ') && !sample.test(line));
    expect(bad).toEqual([]);
    const types = lines.filter((line) => line.startsWith('# TYPE ')).map((l) => l.split(' ')[2]);
    expect(new Set(types).size).toBe(types.length);
  });

  it('count the answers by route, not by address', async () => {
    for (const id of [1, 2, 999]) await fetch(`${farm.address}/api/v1/builds/${id}`);
    const text = await scrape();
    const told = (code: number) =>
      `gambeson_http_requests_total{method="GET",route="/api/v1/builds/:id",code="${code}"}`;
    expect(text).toContain(`${told(200)} 2\n`);
    expect(text).toContain(`${told(404)} 1\n`);
    expect(text).toContain(
      'gambeson_http_request_duration_seconds_count{route="/api/v1/builds/:id"} 3\n',
    );
  });

  it('leave the page to people', async () => {
    const page = await fetch(`${farm.address}/metrics`, { headers: { accept: 'text/html,*/*' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    const asked = await fetch(`${farm.address}/metrics?format=prometheus`);
    expect(asked.headers.get('content-type')).toContain('text/plain');
  });
});

describe('readiness', () => {
  it('tells with verbose how long each check took', async () => {
    const told = await (await fetch(`${farm.address}/readyz?verbose`)).json();
    expect(told).toMatchObject({
      status: 'ok',
      checks: { postgres: 'ok', queue: 'ok' },
      details: { postgres: { ok: true, milliseconds: expect.any(Number) } },
    });
  });
});
