/** Differences and root causes of evaluations over HTTP, while builds end and jobs come. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, type Client } from '#adapters/postgres/database.js';
import { EvaluationSheets } from '#adapters/postgres/evaluation-difference-sheets.js';
import { sheetStatuses } from '#domain/evaluation-difference/standing.js';
import type { DifferenceAnswer, RootCausesAnswer } from '#protocol/api/difference.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { WeatherFarm } from './weather-farm.js';

let farm: ApiFarm;
let rows: WeatherFarm;
let database: Database;

beforeAll(async () => {
  farm = await startApiFarm();
  ({ database } = farm.parts);
  rows = new WeatherFarm(database);
});

afterAll(() => farm.stop());

async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(`${farm.address}/api/v1/evaluations/${path}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

const difference = (path: string) => ask<DifferenceAnswer>(path);

/** `name: kind` of each job that is told. */
function kinds({ items }: DifferenceAnswer): Record<string, string> {
  return Object.fromEntries(items.map(({ name, kind }) => [name, kind]));
}

async function twoEvaluations() {
  const specification = await rows.specification();
  const first = await rows.evaluation(specification);
  const shared = await rows.build(first, 'failed');
  await rows.job(first, 'shared', shared);
  await rows.job(first, 'breaks', await rows.build(first, 'succeeded'));
  await rows.job(first, 'gone', await rows.build(first, 'succeeded'));
  await rows.end(first);
  const second = await rows.evaluation(specification);
  const breaks = await rows.build(second);
  const waits = await rows.build(second);
  await rows.job(second, 'shared', shared);
  await rows.job(second, 'breaks', breaks);
  await rows.job(second, 'wrong', null);
  await rows.job(second, 'waits', waits);
  await rows.end(second);
  return { specification, first, second, breaks, waits, shared };
}

describe('the difference of an evaluation', () => {
  it('is told against the previous one, and follows builds as they end', async () => {
    const { first, second, breaks } = await twoEvaluations();
    const before = await difference(`${second}/difference`);
    expect(before.against?.id).toBe(String(first));
    expect(kinds(before)).toEqual({
      breaks: 'waiting',
      shared: 'still-failing',
      waits: 'new',
      wrong: 'new',
    });
    expect(before).toMatchObject({ jobs: 4, succeeded: 0, waiting: 2 });
    expect(before.counts).toMatchObject({ removed: 1, new: 2, waiting: 2 });
    await rows.turn(breaks, 'failed');
    const after = await difference(`${second}/difference?kind=newly-failing`);
    expect(kinds(after)).toEqual({ breaks: 'newly-failing' });
    expect(after.items[0]).toMatchObject({ status: 'failed', before: { status: 'succeeded' } });
    await rows.turn(breaks, 'scheduled');
    expect((await difference(`${second}/difference`)).waiting).toBe(2);
  });

  it('is told against any evaluation, and page by page', async () => {
    const { first, second } = await twoEvaluations();
    const back = await difference(`${first}/difference?against=${second}`);
    expect(back.counts).toMatchObject({ new: 1, removed: 2, 'still-failing': 1 });
    const removed = await difference(`${second}/difference?kind=removed`);
    expect(removed.items).toMatchObject([{ name: 'gone', kind: 'removed', status: 'succeeded' }]);
    const one = await difference(`${second}/difference?limit=3`);
    const two = await difference(`${second}/difference?limit=3&cursor=${one.next}`);
    expect([...one.items, ...two.items].map(({ name }) => name)).toEqual([
      'breaks',
      'shared',
      'waits',
      'wrong',
    ]);
    expect(two.next).toBeNull();
    const other = await fetch(`${farm.address}/api/v1/evaluations/${second}/difference?against=9x`);
    expect(other.status).toBe(404);
  });

  it('has nothing to compare the first evaluation with', async () => {
    const { first } = await twoEvaluations();
    const alone = await difference(`${first}/difference`);
    expect(alone.against).toBeNull();
    expect(kinds(alone)).toEqual({ breaks: 'succeeding', gone: 'succeeding', shared: 'failing' });
  });

  it('grows while the evaluation is being read, and calls nothing removed until then', async () => {
    const { specification, second } = await twoEvaluations();
    const third = await rows.evaluation(specification);
    const early = await rows.build(third);
    await rows.job(third, 'early', early);
    expect(kinds(await difference(`${third}/difference?against=${second}`))).toEqual({
      early: 'new',
    });
    await rows.turn(early, 'succeeded');
    await rows.job(third, 'breaks', await rows.build(third, 'failed'));
    const grown = await difference(`${third}/difference?against=${second}`);
    expect(kinds(grown)).toEqual({ breaks: 'failing', early: 'new' });
    expect(grown).toMatchObject({ succeeded: 1, counts: { removed: 0 } });
    expect(grown.items.map(({ status }) => status)).toEqual(['failed', 'succeeded']);
    await rows.end(third);
    const whole = await difference(`${third}/difference?against=${second}`);
    expect(whole.counts.removed).toBe(3);
  });
});

describe('root causes', () => {
  it('are told with what they block, jobs or not, and change with builds', async () => {
    const specification = await rows.specification();
    const evaluation = await rows.evaluation(specification);
    const root = await rows.build(evaluation, 'failed');
    const between = await rows.build(evaluation, 'failed-dependency');
    const [a, b] = [
      await rows.build(evaluation, 'failed-dependency'),
      await rows.build(evaluation, 'failed-dependency'),
    ];
    const fails = (build: number, by: number) =>
      database.execute('update builds set failed_input_id = $2 where id = $1', [build, by]);
    await fails(between, root);
    await fails(a, between);
    await fails(b, root);
    await rows.job(evaluation, 'a', a);
    await rows.job(evaluation, 'b', b);
    await rows.end(evaluation);
    const told = await ask<RootCausesAnswer>(`${evaluation}/root-causes`);
    expect(told).toMatchObject({ found: 1, errors: 0 });
    expect(told.items).toMatchObject([{ build: { id: String(root) }, blocks: 2 }]);
    expect(told.items[0]!.examples.map(({ name }) => name)).toEqual(['a', 'b']);
    // The input in between is no job: that it failed by another is seen all the same.
    const other = await rows.build(evaluation, 'failed');
    await fails(between, other);
    const later = await ask<RootCausesAnswer>(`${evaluation}/root-causes`);
    expect(later.items).toMatchObject([
      { build: { id: String(root) }, blocks: 1 },
      { build: { id: String(other) }, blocks: 1 },
    ]);
    await rows.turn(b, 'failed');
    const split = await ask<RootCausesAnswer>(`${evaluation}/root-causes`);
    expect(split.items).toMatchObject([
      { build: { id: String(other) }, blocks: 1 },
      { build: { id: String(b) }, blocks: 0 },
    ]);
  });
});

/** Answers what a transaction read only when the gate is open. */
class GatedDatabase extends Database {
  readonly gate = Promise.withResolvers<void>();
  /** Of the first transaction and of the second, when each has read. */
  readonly reads = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  private done = 0;

  override async transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const value = await super.transaction(work);
    this.reads[this.done]?.resolve();
    this.done += 1;
    await this.gate.promise;
    return value;
  }
}

describe('sheets that are kept', () => {
  const statusesOf = async (sheets: EvaluationSheets, evaluation: number): Promise<string[]> => {
    const [kept] = await sheets.of([{ evaluation, status: 'succeeded' }]);
    return [...kept!.sheet.statuses].map((code) => sheetStatuses[code]!);
  };

  it('miss no build that ends while they are being read', async () => {
    const { first, second, waits } = await twoEvaluations();
    const gated = new GatedDatabase(database.url, 3);
    const sheets = new EvaluationSheets(gated);
    try {
      const reading = statusesOf(sheets, second);
      await gated.reads[0]!.promise;
      await rows.turn(waits, 'succeeded');
      // Somebody else looks at another evaluation, and takes the change from the feed.
      const other = statusesOf(sheets, first);
      await gated.reads[1]!.promise;
      gated.gate.resolve();
      await other;
      await reading;
      expect(await statusesOf(sheets, second)).toContain('succeeded');
    } finally {
      sheets.close();
      await gated.close();
    }
  });

  it('are read anew when the feed has forgotten what they have not seen', async () => {
    const { second, waits } = await twoEvaluations();
    const sheets = new EvaluationSheets(database);
    try {
      expect(await statusesOf(sheets, second)).not.toContain('succeeded');
      await rows.turn(waits, 'succeeded');
      await database.execute('truncate planner_changes');
      await database.execute(
        `insert into planner_floor (xid) values (pg_snapshot_xmax(pg_current_snapshot()))
         on conflict (only_row) do update set xid = excluded.xid`,
      );
      expect(await statusesOf(sheets, second)).toContain('succeeded');
    } finally {
      sheets.close();
    }
  });
});

describe('commits and requests', () => {
  const get = async (path: string): Promise<{ status: number; body: never }> => {
    const answer = await fetch(`${farm.address}${path}`);
    const body = answer.ok ? await answer.json() : null;
    return { status: answer.status, body: body as never };
  };

  async function checkedOut(evaluation: number, revision: string): Promise<void> {
    await database.execute(
      `insert into checkouts (evaluation_id, channel, url, branch, revision)
       values ($1, 'main', 'https://github.com/o/r.git', 'main', $2),
              ($1, 'side', 'https://github.com/o/r.git', 'main', $2)`,
      [evaluation, revision],
    );
  }

  it('tell the evaluations of a commit, of all specifications, page by page', async () => {
    const revision = 'd0'.repeat(20);
    const [one, two] = [await twoEvaluations(), await twoEvaluations()];
    for (const at of [one.first, one.second, two.second]) await checkedOut(at, revision);
    const whole = await get('/api/v1/commits/d0d0d0d');
    expect(whole.body).toMatchObject({
      revision,
      items: [two.second, one.second, one.first].map((evaluation) => ({
        evaluation: { id: String(evaluation) },
        channels: ['main', 'side'],
      })),
      next: null,
    });
    const first = await get(`/api/v1/commits/${revision}?limit=2`);
    expect(first.body).toMatchObject({ next: String(one.second) });
    const second = await get(`/api/v1/commits/${revision}?limit=2&cursor=${one.second}`);
    expect(second.body).toMatchObject({ items: [{ evaluation: { id: String(one.first) } }] });
    expect((await get('/api/v1/commits/d0d0d0e')).status).toBe(404);
    expect((await get('/api/v1/commits/zzzzzzz')).status).toBe(404);
    const page = await fetch(`${farm.address}/commits/${revision}`);
    expect(await page.text()).toContain(`https://github.com/o/r/commit/${revision}`);
  });

  it('tell the evaluations of a pull request in each specification that builds it', async () => {
    const { specification, second } = await twoEvaluations();
    await database.execute(
      `with f as (insert into forges (name, kind, address, api_address)
         values ('forge', 'forgejo', 'https://f.example', 'https://f.example') returning id),
       t as (insert into forge_templates (forge_id, repository, specification, admits,
           requests_at_most, priority, max_running, expiry_hours)
         select id, 'group/sub/repo', 'model', 'everyone', 1, 9, 1, 1 from f returning id)
       insert into forge_requests (template_id, number, name, specification_id, revision, state,
         updated_at, expires_at)
       select id, 7, 'model-pr-7', $1, $2, 'open', now(), now() from t`,
      [specification, 'e'.repeat(40)],
    );
    const asked = 'forge=forge&repository=Group/sub/Repo&number=7';
    const told = await get(`/api/v1/requests?${asked}`);
    expect(told.body).toMatchObject({
      items: [{ specification: 'model-pr-7', model: 'model', state: 'open' }],
    });
    const [item] = (told.body as { items: { evaluations: { evaluation: { id: string } }[] }[] })
      .items;
    expect(item!.evaluations[0]!.evaluation.id).toBe(String(second));
    expect((await fetch(`${farm.address}/requests?${asked}`)).status).toBe(200);
    expect((await get('/api/v1/requests?forge=forge&repository=a/b&number=7')).status).toBe(404);
  });

  it('tell how good a specification was, and its newest good evaluation', async () => {
    const specification = await rows.specification();
    const [name] = await database.query<{ name: string }>(
      'select name from specifications where id = $1',
      [specification],
    );
    const made: number[] = [];
    for (const statuses of [['succeeded', 'succeeded'], ['succeeded', 'failed'], ['failed']]) {
      const evaluation = await rows.evaluation(specification);
      for (const [at, status] of statuses.entries()) {
        await rows.job(evaluation, `j${at}`, await rows.build(evaluation, status as 'failed'));
      }
      await rows.end(evaluation);
      made.push(evaluation);
    }
    await rows.weigh();
    const trend = (percent: number) =>
      get(`/api/v1/specifications/${name!.name}/trend?percent=${percent}`);
    const [all, half, none] = await Promise.all([trend(100), trend(50), trend(0)]);
    expect(all.body).toMatchObject({ good: { evaluation: String(made[0]), newlyFailing: 0 } });
    expect(half.body).toMatchObject({ good: { evaluation: String(made[1]), newlyFailing: 1 } });
    expect(none.body).toMatchObject({ good: { evaluation: String(made[2]) } });
    expect(
      (all.body as { points: { evaluation: string }[] }).points.map((p) => p.evaluation),
    ).toEqual(made.map(String));
    expect((await get('/api/v1/specifications/nobody/trend')).status).toBe(404);
  });
});
