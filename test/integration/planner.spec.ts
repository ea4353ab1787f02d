/** The planner on a real Postgres: several at once, a large hub, demands and durations. */
import { describe, expect, it } from '@jest/globals';
import { never } from '#std/cancellation.js';
import { PostgresDurationStore } from '#adapters/postgres/planner-durations.js';
import { auditPlanner } from '#application/audit-planner.js';
import { renewDemands } from '#application/follow-builds.js';
import type { PlannerMemory } from '#application/planner-memory.js';
import type { BuildId } from '#domain/ids.js';
import { FakeTicketQueue } from '#testkit/fakes/ticket-queue.js';
import { amdClass, type EngineFarm, success } from './engine-support.js';
import { freshEngines } from './fresh-engines.js';
import { countsOf, evaluation, job, setStatus, specification } from './planner-support.js';

let farm: EngineFarm;
let tickets: FakeTicketQueue;
freshEngines((fresh) => {
  farm = fresh;
  tickets = new FakeTicketQueue();
});

/** What is released now; each must have every input. */
async function released(): Promise<number[]> {
  const rows = await farm.database.query<{ id: number; early: boolean }>(
    `select b.id, exists (
       select from derivation_inputs i join builds p on p.id = i.input_id
        where i.derivation_id = b.id and p.status <> 'succeeded') as early
       from builds b where b.status = 'scheduled' and b.release_expires_at > now() order by b.id`,
  );
  expect(rows.filter((row) => row.early)).toEqual([]);
  return rows.map((row) => row.id);
}

describe('two planners at once', () => {
  it('release nothing twice and nothing early, and all is built once', async () => {
    await farm.worker({ slots: 4 });
    const builds = await farm.builds(120);
    const edges = builds
      .slice(10)
      .flatMap((build, at) => [
        [build, builds[at]!] as const,
        [build, builds[Math.floor(at / 2) + 5]!] as const,
      ]);
    const distinct = new Map(edges.map((edge) => [edge.join(' '), edge]));
    await farm.edges([...distinct.values()]);
    const planners = [await farm.planner(tickets), await farm.planner(tickets)];
    let built = 0;
    while (built < builds.length) {
      await Promise.all(planners.map((planner) => planner.pass()));
      const now = await released();
      expect(now.length).toBeGreaterThan(0);
      const generations = await farm.database.query<{ id: number }>(
        `update builds set status = 'succeeded', attempts = attempts + 1, ended_at = now()
          where id = any($1) and generation = 1 returning id`,
        [now],
      );
      // Two planners that released one build twice would have made a second generation.
      expect(generations).toHaveLength(now.length);
      built += now.length;
    }
    expect(await farm.statuses()).toEqual({ succeeded: 120 });
  }, 60_000);

  it('that know nothing of a change release nothing by what they remember', async () => {
    await farm.worker({ slots: 4 });
    const [input, build] = await farm.builds(2);
    await farm.edges([[build!, input!]]);
    await setStatus(farm, [input!], 'succeeded');
    const { pass, memory } = await farm.planner(tickets);
    await setStatus(farm, [input!], 'scheduled');
    await farm.database.execute('truncate planner_changes');
    expect((await pass()).released).toBe(0);
    const { graph, jobs } = farm;
    const { repaired } = await auditPlanner({ graph, jobs, audit: graph }, memory, 0);
    expect(repaired).toEqual([input]);
    await pass();
    expect(await released()).toEqual([input]);
  });
});

describe('a hub with 60,000 dependents', () => {
  it('is followed in memory, and other completions go on within milliseconds', async () => {
    const worker = await farm.worker({ slots: 100 });
    const builds = await farm.builds(60_101);
    const hub = builds[0]!;
    const others = builds.slice(1, 101);
    await farm.database.execute(
      `insert into derivation_inputs select id, $1 from builds where id > $2`,
      [hub, others.at(-1)],
    );
    await farm.database.execute('analyze');
    const planner = await farm.planner(tickets);
    const claims: Awaited<ReturnType<EngineFarm['claimed']>>[] = [];
    for (const [slot, build] of [hub, ...others.slice(0, 40)].entries()) {
      claims.push(await farm.claimed(build, worker, slot));
    }
    for (const claim of claims) await farm.uploaded(claim.attempt, claim.outputs[0]!.path!);
    await planner.pass();

    const settle = async (claim: (typeof claims)[number]): Promise<number> => {
      const begun = performance.now();
      const [settled] = await farm.reports.settle([success(claim, worker)], () => ({
        attempt: { status: 'succeeded', reason: null, message: null, exitCode: null },
        build: { status: 'succeeded', reason: null, farmFaults: 0, backOffSeconds: 0 },
      }));
      expect(settled?.accepted).toBe(true);
      return performance.now() - begun;
    };
    const ofHub = await settle(claims[0]!);
    const pass = planner.pass();
    const took: number[] = [];
    for (const claim of claims.slice(1)) took.push(await settle(claim));
    const begun = performance.now();
    await pass;
    const rest = performance.now() - begun;
    took.sort((a, b) => a - b);
    process.stdout.write(
      `hub: completed in ${ofHub.toFixed(1)} ms; the others meanwhile ` +
        `p50 ${took[20]!.toFixed(1)} ms, at most ${took.at(-1)!.toFixed(1)} ms; ` +
        `the planner's pass ended ${rest.toFixed(1)} ms after them\n`,
    );
    expect(took[20]).toBeLessThan(1000);
    const next = performance.now();
    await planner.pass();
    process.stdout.write(`a pass with 60,000 ready: ${(performance.now() - next).toFixed(1)} ms\n`);
    const counts = countsOf(planner.memory.planner);
    expect(Object.values(counts).every((unfinished) => unfinished === 0)).toBe(true);
    expect((await released()).length).toBeGreaterThan(0);
  }, 120_000);
});

describe('who demands a build', () => {
  const demanders = (memory: PlannerMemory, build: BuildId) => memory.demandersOf(build);

  it('is walked down from the jobs, at the start and as an evaluation goes on', async () => {
    const [base, left, right, late] = await farm.builds(4);
    await farm.edges([
      [left!, base!],
      [right!, base!],
      [late!, right!],
    ]);
    const [one, two] = [await specification(farm, 'one'), await specification(farm, 'two')];
    await evaluation(farm, one, [left!]);
    const { memory, pass } = await farm.planner(tickets);
    expect(demanders(memory, base!)).toEqual([one]);
    const read = await evaluation(farm, two, []);
    await pass();
    await job(farm, read, [late!]);
    await pass();
    expect([base, left, right, late].map((build) => demanders(memory, build!))).toEqual([
      [one, two],
      [one],
      [two],
      [two],
    ]);
    await farm.database.execute(`update evaluations set status = 'aborted' where id = $1`, [read]);
    await pass();
    expect(memory.demandIsStale).toBe(true);
    await renewDemands(farm.graph, memory);
    expect(demanders(memory, base!)).toEqual([one]);
    expect(demanders(memory, right!)).toEqual([]);
  });
});

describe('durations', () => {
  it('are learnt by package name and system, on a worker of speed 1', async () => {
    const [build, again] = await farm.builds(2);
    const worker = await farm.worker({ slots: 2 });
    await farm.database.execute('update workers set speed = 2 where id = $1', [worker]);
    const durations = new PostgresDurationStore(farm.database);
    const learn = async (of: BuildId, slot: number, seconds: number) => {
      const claimed = await farm.claimed(of, worker, slot);
      await farm.database.execute(
        `update attempts set status = 'succeeded', started_at = now(),
                ended_at = now() + make_interval(secs => $2) where id = $1`,
        [claimed.attempt, seconds],
      );
      await durations.learn([of]);
    };
    const learnt = () =>
      farm.database.query(
        'select package_name, system, milliseconds, samples from package_durations',
      );
    await learn(build!, 0, 10);
    const name = { package_name: 'd', system: 'x86_64-linux' };
    expect(await learnt()).toEqual([{ ...name, milliseconds: 20_000, samples: 1 }]);
    await learn(again!, 1, 20);
    expect(await learnt()).toEqual([{ ...name, milliseconds: 30_000, samples: 2 }]);
    const [fresh] = await farm.builds(1);
    const [read] = await farm.graph.builds([fresh!]);
    expect(read).toMatchObject({ estimateMs: 30_000 });
  });
});

describe('a ticket that the plan no longer wants', () => {
  it('is taken back while nobody has claimed it, and its claim is left alone after', async () => {
    const worker = await farm.worker({ slots: 2 });
    const [idle, taken] = await farm.builds(2);
    const { pass } = await farm.planner(tickets);
    await pass();
    const held = await tickets.next(amdClass, never);
    const claimed = await farm.claims.claim({
      ...{ worker, slot: 0, build: held!.build, generation: held!.generation },
      ...{ fence: '0123456789abcdef' as never, leaseSeconds: 30 },
    });
    expect(claimed.ok).toBe(true);
    const withdrawn = await farm.releases.withdraw(
      [idle!, taken!].map((build) => ({ build, workerClass: amdClass, generation: 1 })),
    );
    expect(withdrawn.map((one) => one.build)).toEqual(
      [idle, taken].filter((b) => b !== held!.build),
    );
    expect(await released()).toEqual([]);
  });
});
