/** Weather and counts as the coordinator keeps them, against the pure model and counting anew. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { WeatherQueries } from '#adapters/postgres/weather-queries.js';
import type { BuildStatus } from '#domain/build/status.js';
import { followResults, type JobStanding, type Turn } from '#domain/weather/standing.js';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '#testkit/postgres.js';
import { SeededChance } from '../../bench/seeded-chance.js';
import { WeatherFarm } from './weather-farm.js';

let postgres: TestPostgres;
let place: TestDatabase;
let database: Database;
let farm: WeatherFarm;
let queries: WeatherQueries;

beforeAll(async () => {
  postgres = await startTestPostgres();
  place = await postgres.freshDatabase();
  database = new Database(place.url, 4, 'test');
  farm = new WeatherFarm(database);
  queries = new WeatherQueries(database);
}, 60_000);

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

/** An evaluation that was read to its end, with one job whose build has ended so. */
async function evaluationWith(specification: number, status: BuildStatus, name = 'hello') {
  const evaluation = await farm.evaluation(specification);
  const build = await farm.build(evaluation);
  await farm.job(evaluation, name, build);
  await farm.end(evaluation);
  await farm.turn(build, status);
  await farm.weigh();
  return { evaluation, build, id: build };
}

async function weatherOf(...builds: readonly { evaluation: number; id: number }[]) {
  const told = await queries.ofBuilds(builds);
  return builds.map(({ id }) => told.get(id));
}

describe('the weather of a job', () => {
  it('is told once when it breaks and once when it is mended', async () => {
    const specification = await farm.specification();
    const builds = [];
    for (const status of ['succeeded', 'failed', 'failed', 'succeeded'] as const) {
      builds.push(await evaluationWith(specification, status));
    }
    await farm.weigh();
    expect(await farm.turns(specification)).toEqual([
      told(builds[1]!, 'new-failure', builds[0]!.evaluation),
      told(builds[3]!, 'new-success', builds[2]!.evaluation),
    ]);
    expect(await weatherOf(...builds)).toEqual([
      'unknown',
      'new-failure',
      'still-failing',
      'new-success',
    ]);
  });

  it('knows no reference in what was canceled or kept from starting, or is our fault', async () => {
    const specification = await farm.specification();
    const builds = [];
    const statuses = [
      'succeeded',
      'canceled',
      'failed-dependency',
      'failed-other',
      'failed',
    ] as const;
    for (const status of statuses) builds.push(await evaluationWith(specification, status));
    expect(await farm.turns(specification)).toEqual([
      told(builds[4]!, 'new-failure', builds[0]!.evaluation),
    ]);
    expect((await weatherOf(...builds)).slice(1)).toEqual([
      ...['unknown', 'unknown', 'unknown', 'new-failure'],
    ]);
  });

  it('is not told of an evaluation that was not read to its end', async () => {
    const specification = await farm.specification();
    await evaluationWith(specification, 'succeeded');
    const evaluation = await farm.evaluation(specification);
    const build = await farm.build(evaluation, 'failed');
    await farm.job(evaluation, 'hello', build);
    await farm.end(evaluation, 'failed');
    await farm.weigh();
    expect(await farm.turns(specification)).toEqual([]);
    expect(await weatherOf({ evaluation, id: build })).toEqual(['unknown']);
  });

  it('is told when an evaluation ends whose builds had ended before', async () => {
    const specification = await farm.specification();
    const before = await evaluationWith(specification, 'succeeded');
    const evaluation = await farm.evaluation(specification);
    const build = await farm.build(evaluation);
    await farm.job(evaluation, 'hello', build);
    await farm.turn(build, 'failed');
    await farm.weigh();
    expect(await farm.turns(specification)).toEqual([]);
    await farm.end(evaluation);
    await farm.weigh();
    expect(await farm.turns(specification)).toEqual([
      told({ evaluation, build }, 'new-failure', before.evaluation),
    ]);
  });

  it('is of each specification that wants the build, as its own history has it', async () => {
    const [one, two] = [await farm.specification(), await farm.specification()];
    await evaluationWith(one, 'succeeded');
    await evaluationWith(two, 'failed');
    const evaluations = [await farm.evaluation(one), await farm.evaluation(two)];
    const build = await farm.build(evaluations[0]!);
    for (const evaluation of evaluations) {
      await farm.job(evaluation, 'hello', build);
      await farm.end(evaluation);
    }
    await farm.turn(build, 'failed');
    await farm.weigh();
    expect((await farm.turns(one)).map(({ weather }) => weather)).toEqual(['new-failure']);
    expect(await farm.turns(two)).toEqual([]);
    expect(await weatherOf({ evaluation: evaluations[0]!, id: build })).toEqual(['new-failure']);
    expect(await weatherOf({ evaluation: evaluations[1]!, id: build })).toEqual(['still-failing']);
  });

  it('is told in the order of evaluations when builds of several end together', async () => {
    const specification = await farm.specification();
    const first = await evaluationWith(specification, 'succeeded');
    const later = [];
    for (const status of ['failed', 'succeeded'] as const) {
      const one = await evaluationWith(specification, 'scheduled');
      later.push({ ...one, status });
    }
    for (const { build, status } of later.toReversed()) await farm.turn(build, status);
    await farm.turn(first.build, 'scheduled');
    await farm.turn(first.build, 'succeeded');
    await farm.weigh();
    expect(await farm.turns(specification)).toEqual([
      told(later[0]!, 'new-failure', first.evaluation),
      told(later[1]!, 'new-success', later[0]!.evaluation),
    ]);
  });

  it('turns back when a restart mends it, and the next evaluation is no news', async () => {
    const specification = await farm.specification();
    await evaluationWith(specification, 'succeeded');
    const broken = await evaluationWith(specification, 'failed');
    for (const status of ['scheduled', 'succeeded'] as const) {
      await farm.turn(broken.build, status);
      await farm.weigh();
    }
    await evaluationWith(specification, 'succeeded');
    expect((await farm.turns(specification)).map(({ weather }) => weather)).toEqual([
      'new-failure',
      'new-success',
    ]);
    expect(await weatherOf(broken)).toEqual(['still-succeeding']);
  });

  it('has a result where several packages bear the name only when all have ended', async () => {
    const specification = await farm.specification();
    await evaluationWith(specification, 'succeeded');
    const evaluation = await farm.evaluation(specification);
    const builds = [await farm.build(evaluation), await farm.build(evaluation)];
    for (const build of builds) await farm.job(evaluation, 'hello', build);
    await farm.end(evaluation);
    await farm.turn(builds[0]!, 'failed');
    await farm.weigh();
    expect(await farm.turns(specification)).toEqual([]);
    await farm.turn(builds[1]!, 'succeeded');
    await farm.weigh();
    expect((await farm.turns(specification)).map(({ build }) => build)).toEqual([builds[0]]);
  });

  it('is history, and no news, when it is first heard of weeks later', async () => {
    const specification = await farm.specification();
    await evaluationWith(specification, 'succeeded');
    const evaluation = await farm.evaluation(specification);
    const build = await farm.build(evaluation);
    await farm.job(evaluation, 'hello', build);
    await farm.turn(build, 'failed', 30);
    await farm.end(evaluation, 'succeeded', 30);
    await farm.weigh();
    expect((await farm.turns(specification)).map(({ news }) => news)).toEqual([false]);
  });
});

describe('the jobs of an evaluation', () => {
  it('are counted to the moment, whatever the coordinator has not taken in yet', async () => {
    const specification = await farm.specification();
    await evaluationWith(specification, 'failed');
    const evaluation = await farm.evaluation(specification);
    const build = await farm.build(evaluation);
    await farm.job(evaluation, 'hello', build);
    await farm.job(evaluation, 'broken', null);
    await farm.end(evaluation);
    await farm.weigh();
    const turns = [
      ['started', 'succeeded', 'scheduled', 'failed-dependency'],
      ['scheduled', 'started', 'canceled', 'succeeded'],
    ] as const;
    for (const statuses of turns) {
      for (const status of statuses) {
        await farm.turn(build, status);
        const { told: counts, counted } = await farm.jobCounts(specification);
        expect(counts).toEqual(counted);
      }
      await farm.weigh();
    }
  });
});

describe('a random history', () => {
  it.each([1, 2, 3])(
    'ends as the model and the counts say (%i)',
    async (seed) => {
      const history = new History(await farm.specification(), seed);
      for (let step = 0; step < 120; step += 1) {
        await history.step();
        if (step % 10 !== 0) continue;
        const counts = await farm.jobCounts(history.specification);
        expect(counts.told).toEqual(counts.counted);
      }
      await history.weigh();
      expect(history.told.length).toBeGreaterThan(1);
      expect(
        (await farm.turns(history.specification)).map(
          ({ evaluation, build, weather, reference }) => ({
            ...{ evaluation, build, weather, reference },
          }),
        ),
      ).toEqual(history.told);
      expect(await farm.standings(history.specification)).toEqual(history.standingRows());
      const { kept, counted } = await farm.counts(history.specification);
      expect(kept).toEqual(counted);
      expect(kept.length).toBeGreaterThan(2);
    },
    30_000,
  );
});

function told(build: { evaluation: number; build: number }, weather: string, reference: number) {
  return { evaluation: build.evaluation, build: build.build, weather, reference, news: true };
}

/** One job; evaluations that end in any order, builds that two of them share, restarts. */
class History {
  readonly told: { evaluation: number; build: number; weather: string; reference: number }[] = [];
  private readonly chance: SeededChance;
  private standing: JobStanding | null = null;
  private readonly jobs: { evaluation: number; build: number; ended: boolean }[] = [];
  private readonly statuses = new Map<number, BuildStatus>();
  private readonly weighed = new Set<number>();
  private changed = new Set<number>();

  constructor(
    readonly specification: number,
    seed: number,
  ) {
    this.chance = new SeededChance(seed);
  }

  async step(): Promise<void> {
    const dice = this.chance.next();
    if (dice < 0.2) await this.begin();
    else if (dice < 0.4) await this.endOne();
    else if (dice < 0.8) await this.turnOne();
    else await this.weigh();
  }

  async weigh(): Promise<void> {
    const known = this.jobs.filter(({ evaluation, build }) => {
      return this.weighed.has(evaluation) && this.changed.has(build);
    });
    this.follow(known);
    this.changed = new Set();
    for (const job of this.jobs.filter((one) => one.ended && !this.weighed.has(one.evaluation))) {
      this.weighed.add(job.evaluation);
      this.follow([job]);
    }
    await farm.weigh();
  }

  standingRows(): unknown[] {
    if (!this.standing) return [];
    const { evaluation, build, succeeded, first } = this.standing;
    return [
      {
        ...{ name: 'hello', evaluation, build, succeeded },
        ...{ first: first.evaluation, firstSucceeded: first.succeeded },
      },
    ];
  }

  private follow(jobs: readonly { evaluation: number; build: number }[]): void {
    const results = jobs.flatMap(({ evaluation, build }) => {
      const status = this.statuses.get(build);
      if (status !== 'succeeded' && status !== 'failed') return [];
      return [{ evaluation, build, succeeded: status === 'succeeded' }];
    });
    const { standing, turns } = followResults(this.standing, results);
    this.standing = standing;
    this.told.push(...turns.map(rowOf));
  }

  private async begin(): Promise<void> {
    const evaluation = await farm.evaluation(this.specification);
    const last = this.jobs.at(-1);
    const build = last && this.chance.next() < 0.4 ? last.build : await farm.build(evaluation);
    if (!this.statuses.has(build)) this.statuses.set(build, 'scheduled');
    await farm.job(evaluation, 'hello', build);
    this.jobs.push({ evaluation, build, ended: false });
  }

  private async endOne(): Promise<void> {
    const job = this.pick(this.jobs.filter(({ ended }) => !ended));
    if (!job) return;
    job.ended = true;
    await farm.end(job.evaluation);
  }

  private async turnOne(): Promise<void> {
    // Mostly those that no newer evaluation has overtaken.
    const job = this.pick(this.chance.next() < 0.7 ? this.jobs.slice(-2) : this.jobs);
    if (!job) return;
    const ends = ['succeeded', 'succeeded', 'failed', 'failed', 'canceled'] as const;
    const isEnded = this.statuses.get(job.build) !== 'scheduled';
    const status = isEnded ? 'scheduled' : this.pick(ends)!;
    this.statuses.set(job.build, status);
    this.changed.add(job.build);
    await farm.turn(job.build, status);
  }

  private pick<T>(among: readonly T[]): T | undefined {
    return among[this.chance.below(among.length)];
  }
}

function rowOf({ evaluation, build, succeeded, reference }: Turn) {
  const weather = succeeded ? 'new-success' : 'new-failure';
  return { evaluation, build, weather, reference: reference.evaluation };
}
