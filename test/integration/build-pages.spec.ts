/** The pages of a build, and what the API tells of what surrounds it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OverviewQueries } from '#adapters/postgres/overview-queries.js';
import type { BuildHistoryAnswer, ClosureAnswer, GraphAnswer } from '#protocol/api/build-story.js';
import type { TrendAnswer } from '#protocol/api/commit.js';
import type { DifferenceAnswer } from '#protocol/api/difference.js';
import type { PackageAnswer, PackagesAnswer } from '#protocol/api/package.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { WeatherFarm } from './weather-farm.js';

let farm: ApiFarm;
let rows: WeatherFarm;
const evaluations: number[] = [];
const builds: number[] = [];
const revision = (letter: string): string => letter.repeat(40);

/** A job that succeeded twice, broke, and is broken still. */
beforeAll(async () => {
  farm = await startApiFarm();
  rows = new WeatherFarm(farm.parts.database);
  const specification = await rows.specification();
  await farm.parts.database.execute('update specification_versions set document = $1', [
    JSON.stringify({ backend: 'local', selection: { file: 'x' }, channels: [] }),
  ]);
  for (const [place, letter] of [...'abcd'].entries()) {
    const evaluation = await rows.evaluation(specification);
    await checkOut(evaluation, letter);
    const build = await rows.build(evaluation);
    await rows.job(evaluation, 'hello', build);
    await rows.end(evaluation);
    await tried(build, place < 2 ? 'succeeded' : 'failed', 60 * (place + 1));
    await rows.weigh();
    evaluations.push(evaluation);
    builds.push(build);
  }
}, 60_000);
afterAll(() => farm.stop());

async function checkOut(evaluation: number, letter: string): Promise<void> {
  await farm.parts.database.execute(
    `insert into checkouts (evaluation_id, channel, url, branch, revision)
     values ($1, 'main', 'https://bob:s3cret@github.com/o/r.git', 'main', $2)`,
    [evaluation, revision(letter)],
  );
}

async function tried(build: number, status: 'succeeded' | 'failed', seconds: number) {
  await rows.turn(build, status);
  await farm.parts.database.execute(
    'update builds set started_at = ended_at - make_interval(secs => $2) where id = $1',
    [build, seconds],
  );
}

async function json<T>(path: string): Promise<T> {
  const answer = await fetch(`${farm.address}${path}`);
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as T;
}

async function page(path: string): Promise<string> {
  const answer = await fetch(`${farm.address}${path}`);
  expect([path, answer.status]).toEqual([path, 200]);
  const text = await answer.text();
  expect(/s3cret|\sstyle="|undefined/.exec(text)?.[0]).toBeUndefined();
  return text;
}

describe('the history of a build', () => {
  it('names the last success, the first failure, and the commits between them', async () => {
    const history = await json<BuildHistoryAnswer>(`/api/v1/builds/${builds[3]}/history`);
    const at = (n: number) => ({ evaluation: String(evaluations[n]), build: String(builds[n]) });
    expect(history).toMatchObject({ lastSuccess: at(1), firstFailure: at(2), lastFailure: null });
    const between = `https://github.com/o/r/compare/${revision('b')}...${revision('c')}`;
    expect(history.changes).toEqual([
      { channel: 'main', from: revision('b'), to: revision('c'), address: between },
    ]);
    expect(history.builds.map(({ id }) => Number(id))).toEqual(builds.toReversed());
    const text = await page(`/builds/${builds[3]}`);
    expect(text).toContain(between);
    expect(text).toContain('usual: 2 min');
  });

  it('of a build before the failure knows nothing of it', async () => {
    const history = await json<BuildHistoryAnswer>(`/api/v1/builds/${builds[1]}/history`);
    expect(history).toMatchObject({
      firstSuccess: { evaluation: String(evaluations[0]) },
      firstFailure: null,
      changes: [],
    });
    expect(history.builds).toHaveLength(2);
  });

  it('of no build is not found', async () => {
    const asked = ['history', 'graph'].map((of) => fetch(`${farm.address}/api/v1/builds/99/${of}`));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([404, 404]);
  });
});

describe('the graph of a build', () => {
  it('has the way to what it failed by, before all else', async () => {
    const [evaluation] = evaluations;
    const root = await rows.build(evaluation!, 'failed');
    const between = await failedBy(root);
    const last = await failedBy(between);
    for (let n = 0; n < 30; n += 1) await needs(last, await rows.build(evaluation!, 'succeeded'));
    const graph = await json<GraphAnswer>(`/api/v1/builds/${last}/graph?steps=1&limit=5`);
    expect(graph.nodes.slice(0, 3)).toMatchObject([
      { id: String(last), distance: 0, onFailingPath: true },
      { id: String(between), distance: -1, onFailingPath: true },
      { id: String(root), distance: -2, onFailingPath: true },
    ]);
    expect(graph).toMatchObject({ cut: true, nodes: { length: 5 } });
    expect(graph.edges).toContainEqual({ from: String(root), to: String(between) });
    const text = await page(`/builds/${last}/graph?steps=3`);
    expect(text).toContain('33 builds within 3 steps');
    expect(text.match(/<rect/g)).toHaveLength(33);
    expect((await json<GraphAnswer>(`/api/v1/builds/${root}/graph`)).nodes).toHaveLength(3);
  });

  async function failedBy(input: number): Promise<number> {
    const build = await rows.build(evaluations[0]!, 'failed-dependency');
    await needs(build, input);
    await farm.parts.database.execute('update builds set failed_input_id = $2 where id = $1', [
      ...[build, input],
    ]);
    return build;
  }

  async function needs(build: number, input: number): Promise<void> {
    await farm.parts.database.execute('insert into derivation_inputs values ($1, $2)', [
      ...[build, input],
    ]);
  }
});

describe('the closure of an output', () => {
  it('is counted through references, each path once, without what is withdrawn', async () => {
    const [build] = builds;
    const path = (n: number): string => `${String(n).repeat(32)}-p${n}`;
    await farm.parts.database.execute(
      `insert into outputs (derivation_id, name, store_id, path) values ($1, 'out', 1, $2)`,
      [build, path(1)],
    );
    await offer(1, 100, [1, 2, 3]);
    await offer(2, 20, [3, 4]);
    await offer(3, 3, [1]);
    await offer(4, 1000, []);
    await farm.parts.database.execute(
      'update store_paths set withdrawn_at = now() where nar_size = 1000',
    );
    const { items } = await json<ClosureAnswer>(`/api/v1/builds/${build}/closure`);
    expect(items).toEqual([
      {
        ...{ output: 'out', paths: 3, size: 123, whole: true },
        archives: [{ compression: 'zstd', size: 50 }],
      },
    ]);
    expect(await page(`/builds/${build}`)).toContain('3 paths');

    async function offer(n: number, size: number, references: readonly number[]): Promise<void> {
      const { database } = farm.parts;
      await database.execute(
        `with p as (insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
                    values (1, left($1, 32), $1, 'sha256:x', $2) returning id),
              r as (insert into store_path_references
                    select p.id, unnest($3::text[]) from p)
         insert into nars select id, 'zstd', 'x', 50, 'f' || $2 from p`,
        [path(n), size, references.map(path)],
      );
    }
  });
});

describe('a package', () => {
  it('tells for each system the newest build, and what can be downloaded until when', async () => {
    // Sources and patches of it are derivations, too, and no jobs.
    await farm.parts.database.execute(
      `update derivations set package_name = 'q' where id > $1 and id % 3 > 0`,
      [builds[3]],
    );
    await farm.parts.database.execute(
      `update store_paths set read_at = offered_at + interval '1 day' where nar_size = 100`,
    );
    await farm.parts.database.execute(
      `update derivations set system = 'riscv64-linux' where id = $1`,
      [builds[2]],
    );
    const told = await json<PackageAnswer>('/api/v1/packages/p');
    expect(told.bySystem).toMatchObject([
      { system: 'riscv64-linux', newest: { id: String(builds[2]) }, available: null },
      { system: 'x86_64-linux', newest: { id: String(builds[3]), status: 'failed' } },
    ]);
    const { available } = told.bySystem[1]!;
    const [commit] = available!.commits;
    expect(available).toMatchObject({
      ...{ build: String(builds[0]), size: 100, closure: { paths: 3, size: 123, whole: true } },
      evaluation: String(evaluations[0]),
    });
    expect(commit?.address).toBe(`https://github.com/o/r/commit/${revision('a')}`);
    const kept = Date.parse(available!.keptUntil) - Date.parse(available!.since);
    expect(kept).toBe(91 * 86_400_000);
    const text = await page('/packages/p');
    expect(text).toContain('Can be downloaded for 1 of 2 systems');
    expect(text).toContain('nothing yet');
  });

  it('is found by the beginning of its name, page by page', async () => {
    await farm.parts.database.execute(
      `insert into derivations (store_id, path, name, package_name, system)
       select 1, lpad(n::text, 32, '8') || '-x.drv', 'x', 'x-' || n, 's'
         from generate_series(1, 3) n, generate_series(1, 2) twice on conflict do nothing`,
    );
    const first = await json<PackagesAnswer>('/api/v1/packages?prefix=x-&limit=2');
    expect(first).toEqual({ items: [{ name: 'x-1' }, { name: 'x-2' }], next: 'x-2' });
    const second = await json<PackagesAnswer>('/api/v1/packages?prefix=x-&limit=2&cursor=x-2');
    expect(second).toEqual({ items: [{ name: 'x-3' }], next: null });
    expect(await page('/packages?prefix=x-')).toContain('href="/packages/x-1"');
    expect(await page('/packages?prefix=zzz')).toContain('No package is called so.');
    expect((await fetch(`${farm.address}/packages/zzz`)).status).toBe(404);
  });
});

describe('an evaluation that was superseded', () => {
  it('is compared with when all of it had been built, and not when it was cut', async () => {
    const { database } = farm.parts;
    const specification = await rows.specification();
    const made: number[] = [];
    for (const status of ['succeeded', 'canceled', 'failed'] as const) {
      const evaluation = await rows.evaluation(specification);
      await rows.job(evaluation, 'one', await rows.build(evaluation, status));
      await rows.end(evaluation);
      made.push(evaluation);
    }
    const [built, cut, newest] = made;
    await database.execute(
      `update evaluations set canceled_at = now(), cancel_reason = 'superseded'
        where id = any ($1)`,
      [[built, cut]],
    );
    await rows.weigh();
    const { against, counts } = await json<DifferenceAnswer>(
      `/api/v1/evaluations/${newest}/difference`,
    );
    expect(against?.id).toBe(String(built));
    expect(counts['newly-failing']).toBe(1);
    const trend = `/api/v1/specifications/${against?.specification}/trend`;
    const { points } = await json<TrendAnswer>(trend);
    expect(points.map(({ evaluation }) => evaluation)).toEqual([String(built), String(newest)]);
    const recent = await new OverviewQueries(database).recent([specification], 9);
    const healths = recent.get(specification)?.map(({ health }) => health);
    expect(healths).toEqual(['succeeded', 'canceled', 'newly-failing']);
  });
});
