/** `/search/latest` over HTTP: where the links of releases lead. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SearchQueries } from '#adapters/postgres/search-queries.js';
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

it('finds the newest of a name that more builds bear than are looked up', async () => {
  const evaluation = await rows.evaluation(await rows.specification());
  await farm.parts.database.execute(
    `with made as (
       insert into derivations (store_id, path, name, package_name, system)
       select 1, lpad(n::text, 32, '7') || '-many-' || n || '.drv', 'many-' || n, 'many', 's'
         from generate_series(1, 3500) n returning id)
     insert into builds (id, evaluation_id, status) select id, $1, 'succeeded' from made`,
    [evaluation],
  );
  const search = new SearchQueries(farm.parts.database);
  const found = await search.builds(parseSearch('many'), 2);
  expect(found.map(({ name }) => name)).toEqual(['many-3500', 'many-3499']);
});

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
