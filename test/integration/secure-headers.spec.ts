/**
 * Every route of the api, asked with every method it has and without a credential: whatever it
 * answers, a browser is told what it may not do with it. And what no request may do to the farm.
 */
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { seedFarm } from './seeded-farm.js';

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm();
  await seedFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

/** Streams and sockets do not end; what they begin with is the same. */
const endless = /events$|stream$|\/gateway|\/worker$/;

const promised: readonly (readonly [string, RegExp])[] = [
  // Of pages, and of bytes that nobody is to interpret.
  [
    'content-security-policy',
    /^default-src 'none'; (script-src 'self';.* )?(sandbox|frame-ancestors 'none')$/,
  ],
  ['x-content-type-options', /^nosniff$/],
  ['referrer-policy', /^same-origin$/],
  ['cross-origin-opener-policy', /^same-origin$/],
];

function filled(url: string): string {
  return url.replaceAll(/:[a-zA-Z]+(\([^)]*\))?/g, '1').replaceAll('*', 'x');
}

/** What is wrong with the answer: a line each. */
async function faultsOf(method: string, path: string): Promise<string[]> {
  const stop = new AbortController();
  const answer = await fetch(`${farm.address}${path}`, {
    method,
    redirect: 'manual',
    signal: stop.signal,
  });
  const { headers, status } = answer;
  const faults = promised.flatMap(([name, value]) =>
    value.test(headers.get(name) ?? '') ? [] : [`${name}: ${headers.get(name)}`],
  );
  if (headers.has('x-powered-by') || headers.has('server')) faults.push('tells what it runs on');
  if (/unsafe-(inline|eval)|\*/.test(headers.get('content-security-policy') ?? '')) {
    faults.push('a policy with holes');
  }
  if (/interest-cohort/.test(headers.get('permissions-policy') ?? '')) {
    faults.push('a policy that browsers warn of, since none knows it');
  }
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('text/') && !/charset=utf-8/i.test(type)) faults.push(`${type}: no charset`);
  stop.abort();
  return faults.map((fault) => `${method} ${path} ${status} ${fault}`);
}

describe('every answer', () => {
  it('tells browsers what they may not do with it', async () => {
    const asked = farm.routes.filter(({ url }) => !endless.test(url));
    expect(asked.length).toBeGreaterThan(100);
    const extra = ['/nowhere', '/%zz', '/builds/1%2f', '/static/none.css'].map((url) => ({
      ...{ method: 'GET', url },
    }));
    const found: string[] = [];
    for (const { method, url } of [...asked, ...extra]) {
      found.push(...(await faultsOf(method, filled(url))));
    }
    expect(found).toEqual([]);
  });
});

describe('a request', () => {
  it('is not waited for without end, and not looked into so', async () => {
    expect((farm.app.getHttpServer() as Server).requestTimeout).toBe(120_000);
    const answer = await fetch(`${farm.address}/api/v1/specifications`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${farm.parts.adminToken}`,
        'content-type': 'application/json',
      },
      body: '['.repeat(20_000) + ']'.repeat(20_000),
    });
    expect([answer.status, await answer.json()]).toEqual([
      422,
      expect.objectContaining({ type: 'urn:gambeson:problem:invalid-body' }),
    ]);
  });
});
