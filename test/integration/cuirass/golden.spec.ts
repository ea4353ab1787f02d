/**
 * The contract of Cuirass's API, answer by answer: each file of golden/ holds requests with the
 * status, the headers that clients look at, and the whole body. The answers were written down from
 * this farm once, and read beside the contract; a difference is a change that clients see.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cuirassControllers } from '../../../apps/api/cuirass/cuirass-parts.js';
import { startApiFarm, type ApiFarm } from '../api-farm.js';
import { seedCuirassFarm } from './cuirass-rows.js';

interface Golden {
  readonly what: string;
  readonly request: {
    readonly path: string;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
    /** With the admin token. */
    readonly admin?: boolean;
  };
  readonly answer?: object;
}

const directory = new URL('./golden/', import.meta.url).pathname;
const files = readdirSync(directory).sort();
/** Set it to write the answers anew, and read every difference. */
const writes = process.env['GAMBESON_WRITE_GOLDEN'] === '1';
const headersTold = ['content-type', 'location', 'allow', 'content-disposition', 'vary'];

let farm: ApiFarm;
beforeAll(async () => {
  farm = await startApiFarm();
  await seedCuirassFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

async function answerOf({ request }: Golden): Promise<object> {
  const { path, method = 'GET', headers = {}, body, admin = false } = request;
  const token = { authorization: `Bearer ${farm.parts.adminToken}` };
  const answer = await fetch(`${farm.address}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...headers, ...(admin && token) },
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  const told = headersTold.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const json = answer.headers.get('content-type') === 'application/json' && text !== '';
  return {
    status: answer.status,
    headers: Object.fromEntries(told) as object,
    body: json ? (JSON.parse(text) as unknown) : readable(text),
  };
}

/** Of a page what it says: its looks are no contract. */
function readable(text: string): string {
  return /<title>.*<\/title>/.exec(text.startsWith('<!doctype') ? text : '')?.[0] ?? text;
}

describe.each(files)('%s', (file) => {
  const place = join(directory, file);
  const cases = JSON.parse(readFileSync(place, 'utf8')) as Golden[];

  it.each(cases)('$what', async (golden) => {
    const answer = await answerOf(golden);
    if (writes) Object.assign(golden, { answer });
    expect(answer).toEqual(golden.answer);
  });

  afterAll(() => {
    if (writes) writeFileSync(place, `${JSON.stringify(cases, null, 2)}\n`);
  });
});

/** Every route, and what its addresses look like. */
function routes(): { readonly method: string; readonly pattern: RegExp; readonly told: string }[] {
  return cuirassControllers.flatMap((controller) => {
    const prefix = Reflect.getMetadata('path', controller) as string;
    const handlers = Object.getOwnPropertyNames(controller.prototype)
      .filter((name) => name !== 'constructor')
      .map((name) => (controller.prototype as unknown as Record<string, object>)[name]!)
      .filter((handler) => Reflect.hasMetadata('path', handler));
    return handlers.flatMap((handler) => {
      const method = RequestMethod[Reflect.getMetadata('method', handler) as number] ?? '';
      return [Reflect.getMetadata('path', handler) as string | string[]].flat().map((path) => {
        const told = `/${prefix}/${path}`.replaceAll(/\/+/g, '/');
        const source = told.replaceAll(/:[a-z]+/g, '[^/]+').replace('*', '.+');
        return { method, told, pattern: new RegExp(`^${source}/?$`) };
      });
    });
  });
}

it('knows an answer of every route that is served', () => {
  const asked = files
    .flatMap((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as Golden[])
    .map(({ request }) => ({ method: request.method ?? 'GET', path: request.path.split('?')[0]! }));
  const known = routes();
  expect(known.length).toBeGreaterThan(40);
  const unknown = known.filter(
    (route) => !asked.some((one) => one.method === route.method && route.pattern.test(one.path)),
  );
  expect(unknown.map(({ method, told }) => `${method} ${told}`)).toEqual([]);
});

it('is read from at least a hundred and eighty answers', () => {
  const count = files.map(
    (file) => (JSON.parse(readFileSync(join(directory, file), 'utf8')) as Golden[]).length,
  );
  expect(count.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(180);
});
