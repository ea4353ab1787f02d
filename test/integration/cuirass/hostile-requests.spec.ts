/** Requests that nobody means well are answered in the words of the contract. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startApiFarm, type ApiFarm } from '../api-farm.js';
import { seedCuirassFarm } from './cuirass-rows.js';

const runs = process.env['GAMBESON_TEST_FULL'] === '1' ? 5000 : 150;

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm();
  await seedCuirassFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

const value = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom(
    ...['', '0', '1', '-1', '-2', '5', '999999999999999', '9'.repeat(40), '1e9', '0x1', 'NaN'],
    ...["'; drop table builds; --", '%00', '%', '%zz', '%ED%A0%80', '%27', '../../etc/passwd'],
    ...[
      'guix',
      'my-packages',
      'x86_64-linux',
      'hello.x86_64-linux',
      'failed',
      'pending',
      '__proto__',
    ],
  ),
);
const lists = ['latestbuilds', 'queue', 'evaluation', 'evaluations', 'jobs', 'jobs/history'];
const keys = [
  ...['nr', 'id', 'jobset', 'job', 'system', 'evaluation', 'oldevaluation', 'derivation', 'worker'],
  ...['status', 'spec', 'names', 'constructor', 'order'],
];
const query = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 });
const list = fc.record({ path: fc.constantFrom(...lists), query, nr: fc.boolean() });
const places = ['build', 'output', 'log', 'eval', 'jobset', 'dashboard', 'download', 'machine'];
const place = fc.record({
  path: fc.constantFrom(...places),
  name: value.filter(
    (text) => text !== '' && !text.includes('/') && !/%(?![0-9a-f]{2})/i.test(text),
  ),
  rest: fc.constantFrom('', '/details', '/log', '/log/raw', '/dashboard', '/badge.svg', '/x/y'),
});

/** Status 500 is the contract's own for wrong parameters; what was not foreseen has other words. */
const foreseen = /^(Parameter not defined!?|Maximum limit exceeded|Not an evaluation: )/s;

describe('whatever is asked', () => {
  it('with a NUL in its name is not there', async () => {
    for (const path of places) {
      expect((await fetch(`${farm.address}/${path}/a%00b`, { redirect: 'manual' })).status).toBe(
        404,
      );
    }
  });

  it('of a list is a list, or refused in the words of the contract', async () => {
    await fc.assert(
      fc.asyncProperty(list, async ({ path, query: wanted, nr }) => {
        const parts = Object.entries({ ...(nr && { nr: '10' }), ...wanted });
        const text = parts.map(([key, one]) => `${key}=${one}`).join('&');
        const answer = await fetch(`${farm.address}/api/${path}?${text}`);
        const body = (await answer.json()) as { error?: string };
        if (answer.status === 500) expect(body.error).toMatch(foreseen);
        else expect([200, 404]).toContain(answer.status);
      }),
      { numRuns: runs },
    );
  }, 600_000);

  it('by name is there or is not', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ({ path, name, rest }) => {
        const address = `${farm.address}/${path}/${name}${rest}`;
        const answer = await fetch(address, { redirect: 'manual' });
        await answer.arrayBuffer();
        expect([200, 302, 400, 404]).toContain(answer.status);
        const { location } = Object.fromEntries(answer.headers);
        if (location !== undefined) expect(location).toMatch(/^\/[a-z]/);
      }),
      { numRuns: runs },
    );
  }, 600_000);
});
