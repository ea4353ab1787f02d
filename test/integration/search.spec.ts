/** Searches over HTTP: `/search`, `q` of the API, and `/search/latest`, where releases link to. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuildSearch } from '#adapters/postgres/build-search.js';
import { SearchQueries } from '#adapters/postgres/search-queries.js';
import { parseBuildQuery } from '#domain/search/build-query.js';
import { parseSearch } from '#domain/search/search-query.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { WeatherFarm } from './weather-farm.js';

let farm: ApiFarm;
let rows: WeatherFarm;
const builds: Record<string, number> = {};

beforeAll(async () => {
  farm = await startApiFarm();
  rows = new WeatherFarm(farm.parts.database);
  const [images, other] = [await rows.specification(), await rows.specification()];
  await rename(images, 'images');
  await rename(other, 'other');
  const [first, second] = [await rows.evaluation(images), await rows.evaluation(other)];
  builds['old'] = await named('image.iso-1.0', first, 'succeeded');
  builds['new'] = await named('image.iso-1.1', first, 'succeeded');
  builds['failed'] = await named('image.iso-1.2', first, 'failed');
  builds['other'] = await named('image.iso-1.3', second, 'succeeded');
  builds['wildcard'] = await named('image_iso-1.0', second, 'succeeded');
  await rows.job(second, 'image.iso', builds['new']!);
  await farm.parts.database.execute('update jobs set meta = $2 where build_id = $1', [
    ...[builds['old'], JSON.stringify({ maintainers: [{ name: 'Ada Lovelace' }] })],
  ]);
  await offer(builds['old']!, 'ISO-9660');
  await offer(builds['new']!, 'ISO-9660');
  await offer(builds['other']!, 'image');
}, 60_000);

afterAll(() => farm.stop());

describe('the newest build of a search', () => {
  it.each([
    ['image.iso', 'other'],
    ['image.iso status:failed', 'failed'],
    ['spec:images image.iso status:success', 'new'],
    ['spec:images status:success system:x86_64-linux image.iso-1.0', 'old'],
    // Of both specifications, though the first one brought it.
    ['spec:other image.iso-1.1', 'new'],
    ['image_', 'wildcard'],
    ['spec:other', 'wildcard'],
  ])('for "%s" is the %s one', async (query, wanted) => {
    const answer = await ask(`/search/latest?query=${encodeURIComponent(query)}`);
    expect(answer).toEqual({ status: 302, to: `/build/${builds[wanted]}/details`, error: null });
  });

  it('is found by a query as a form writes it, with + for spaces', async () => {
    const answer = await ask('/search/latest?query=spec:images+status:success+image.iso');
    expect(answer.to).toBe(`/build/${builds['new']}/details`);
  });

  it.each([
    ['/search/latest?query=no-such-package', 'No build found.'],
    ['/search/latest?query=spec:none+image.iso', 'No build found.'],
    ['/search/latest', 'Query parameter not provided.'],
    ['/search/latest/ISO-9660', 'Query parameter not provided.'],
    ['/search/latest/ISO-9660?query=no-such-package', 'No build found.'],
    ['/search/latest/archive?query=image.iso', 'Could not find the request build product.'],
    // The newest match alone counts, though an older one has such a file.
    ['/search/latest/ISO-9660?query=image.iso', 'Could not find the request build product.'],
  ])('is refused in the words of Cuirass: %s', async (path, error) => {
    expect(await ask(path)).toEqual({ status: 500, to: null, error });
  });

  it('leads to its product of a type', async () => {
    const query = 'spec:images+status:success+system:x86_64-linux+image.iso';
    const answer = await ask(`/search/latest/ISO-9660?query=${query}`);
    expect(answer).toEqual({
      status: 302,
      to: expect.stringMatching(/^\/download\/\d+$/),
      error: null,
    });
    const [row] = await farm.parts.database.query<{ build_id: number }>(
      'select build_id from build_products where id = $1',
      [Number(answer.to!.split('/').at(-1))],
    );
    expect(row?.build_id).toBe(builds['new']);
  });
});

describe('a query for builds', () => {
  it.each([
    ['image.iso', ['other', 'failed', 'new', 'old']],
    ['image.iso status:broken', ['failed']],
    ['-status:failed image.iso', ['other', 'new', 'old']],
    ['spec:images image.iso-1.1', ['new']],
    ['image.iso -spec:images', ['other']],
    ['image*iso-1.0', ['wildcard', 'old']],
    ['name:image_', ['wildcard']],
    ['image -name:image.*', ['wildcard']],
    ['spec:other', ['wildcard', 'other', 'new']],
    ['maintainer:lovelace', ['old']],
    ['image.iso -maintainer:"ada love"', ['other', 'failed', 'new']],
    ['image since:2000-01-01 system:x86_64-linux', ['wildcard', 'other', 'failed', 'new', 'old']],
    ['image since:2999-01-01', []],
    ['image system:riscv64-linux', []],
  ])('"%s" finds %j', async (query, wanted) => {
    const answer = await fetch(`${farm.address}/api/v1/builds?q=${encodeURIComponent(query)}`);
    const { items } = (await answer.json()) as { items: { id: string }[] };
    expect(items.map(({ id }) => Number(id))).toEqual(wanted.map((name) => builds[name]));
    const text = await page(query);
    const found = [...text.matchAll(/href="\/builds\/(\d+)"/g)].map(([, id]) => Number(id));
    expect(found).toEqual(wanted.map((name) => builds[name]));
  });

  it('that is not understood says where', async () => {
    const answer = await fetch(`${farm.address}/api/v1/builds?q=image+stat:x`);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { detail: expect.stringContaining('at character 7: stat is none of') },
    ]);
    const shown = await fetch(`${farm.address}/search?query=image+stat:x`);
    expect([shown.status, await shown.text()]).toEqual([
      400,
      expect.stringContaining('<mark>stat:x</mark>'),
    ]);
  });

  it('goes on where a page ended', async () => {
    const first = await list('image.iso', '&limit=3');
    expect(first.items).toHaveLength(3);
    const second = await list('image.iso', `&limit=3&cursor=${first.next}`);
    expect(second).toMatchObject({ items: [{ id: String(builds['old']) }], next: null });
  });

  async function list(query: string, more: string) {
    const answer = await fetch(
      `${farm.address}/api/v1/builds?q=${encodeURIComponent(query)}${more}`,
    );
    return (await answer.json()) as { items: { id: string }[]; next: string | null };
  }

  async function page(query: string): Promise<string> {
    const answer = await fetch(`${farm.address}/search?query=${encodeURIComponent(query)}`);
    expect(answer.status).toBe(200);
    return answer.text();
  }
});

it('walks so many of the newest builds at a time, and says where it goes on', async () => {
  const evaluation = await rows.evaluation(await rows.specification());
  await many(evaluation, 'walked', 5200);
  const search = new BuildSearch(farm.parts.database);
  const query = parseBuildQuery('-name:walked*', Date.now());
  if (!query.ok) throw new Error(query.error.message);
  const first = await search.find(query.value, { before: null, limit: 2 });
  expect(first).toMatchObject({ items: [], next: expect.any(String) });
  const second = await search.find(query.value, { before: Number(first.next), limit: 2 });
  expect(second.items.map(({ id }) => Number(id))).toEqual([
    ...[builds['wildcard'], builds['other']],
  ]);
});

it('finds the newest of a name that more builds bear than are looked up', async () => {
  const evaluation = await rows.evaluation(await rows.specification());
  await many(evaluation, 'many', 3500);
  const search = new SearchQueries(farm.parts.database);
  const found = await search.builds(parseSearch('many'), 2);
  expect(found.map(({ name }) => name)).toEqual(['many-3500', 'many-3499']);
});

async function many(evaluation: number, name: string, count: number): Promise<void> {
  await farm.parts.database.execute(
    `with made as (
       insert into derivations (store_id, path, name, package_name, system)
       select 1, lpad(n::text, 32, '7') || '-' || $2 || n || '.drv', $2 || '-' || n, $2, 's'
         from generate_series(1, $3::int) n returning id)
     insert into builds (id, evaluation_id, status) select id, $1, 'succeeded' from made`,
    [evaluation, name, count],
  );
}

async function ask(path: string) {
  const answer = await fetch(`${farm.address}${path}`, { redirect: 'manual' });
  const text = await answer.text();
  const told = answer.status === 302 ? null : (JSON.parse(text) as { error: string }).error;
  return { status: answer.status, to: answer.headers.get('location'), error: told };
}

async function rename(specification: number, name: string): Promise<void> {
  await farm.parts.database.execute('update specifications set name = $2 where id = $1', [
    specification,
    name,
  ]);
}

async function named(name: string, evaluation: number, status: 'succeeded' | 'failed') {
  const build = await rows.build(evaluation, status);
  await farm.parts.database.execute(
    'update derivations set name = $2, package_name = $3 where id = $1',
    [build, name, name.replace(/-\d.*$/, '')],
  );
  await rows.job(evaluation, name, build);
  return build;
}

async function offer(build: number, type: string): Promise<void> {
  await farm.parts.database.execute(
    `with path as (
       insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
       values (1, $3, $3 || '-image', 'sha256:x', 1) returning id)
     insert into build_products (build_id, type, output, path, path_id, file_name, size, sha256,
                                 file_key, taken_at)
     select $1, $2, 'out', '', id, 'image', 1, 'x', $3, now() from path`,
    [build, type, String(build).padStart(32, '0')],
  );
}
