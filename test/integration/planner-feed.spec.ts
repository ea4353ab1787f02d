/**
 * The change feed on a real Postgres: whatever the order in which transactions begin and commit,
 * the planner's memory ends where Postgres is.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { BuildId } from '#domain/ids.js';
import { auditPlanner } from '#application/audit-planner.js';
import { followBuilds, rebuildPlanner } from '#application/follow-builds.js';
import type { PlannerMemory } from '#application/planner-memory.js';
import { defaultPolicy } from '#domain/scheduling/planner.js';
import type { EngineFarm } from './engine-support.js';
import { freshEngines } from './fresh-engines.js';
import { countsOf, setStatus } from './planner-support.js';

let farm: EngineFarm;
let memory: PlannerMemory;
const clients: pg.Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
});
freshEngines((fresh) => {
  farm = fresh;
});

async function begun(): Promise<pg.Client> {
  const client = await farm.database.dedicated();
  clients.push(client);
  await client.query('begin');
  return client;
}

const parts = () => ({ graph: farm.graph, jobs: farm.jobs, audit: farm.graph });
const rebuild = () => rebuildPlanner(farm.graph, defaultPolicy);
const follow = () => followBuilds(parts(), memory);
const audit = () => auditPlanner(parts(), memory, 0);

async function succeed(client: pg.Client, build: BuildId): Promise<void> {
  await client.query(`update builds set status = 'succeeded', ended_at = now() where id = $1`, [
    build,
  ]);
}

describe('the change feed', () => {
  it('tells a transaction that began early and committed late, and waits for none', async () => {
    const [slow, quick, needsSlow, needsQuick] = await farm.builds(4);
    await farm.edges([
      [needsSlow!, slow!],
      [needsQuick!, quick!],
    ]);
    memory = await rebuild();
    const late = await begun();
    await succeed(late, slow!);
    await setStatus(farm, [quick!], 'succeeded');
    await follow();
    expect(countsOf(memory.planner)).toMatchObject({ [needsSlow!]: 1, [needsQuick!]: 0 });
    for (let other = 0; other < 3; other += 1) {
      await setStatus(farm, [needsQuick!], 'scheduled');
      await follow();
    }
    await late.query('commit');
    await follow();
    expect(countsOf(memory.planner)).toEqual({ [needsSlow!]: 0, [needsQuick!]: 0 });
  });

  it('tells what commits while the memory is being rebuilt', async () => {
    const [input, build] = await farm.builds(2);
    await farm.edges([[build!, input!]]);
    const late = await begun();
    await succeed(late, input!);
    memory = await rebuild();
    await late.query('commit');
    expect(countsOf(memory.planner)).toMatchObject({ [build!]: 1 });
    await follow();
    expect(countsOf(memory.planner)).toEqual({ [build!]: 0 });
  });

  it('says nothing of what was rolled back', async () => {
    const [input, build] = await farm.builds(2);
    await farm.edges([[build!, input!]]);
    memory = await rebuild();
    const given = await begun();
    await succeed(given, input!);
    await given.query('rollback');
    await follow();
    expect(countsOf(memory.planner)).toEqual({ [input!]: 0, [build!]: 1 });
  });

  it('ends at the truth after many interleaved transactions in a random order', async () => {
    const builds = await farm.builds(300);
    const random = seeded(7);
    const edges = builds.slice(20).flatMap((build, at) => {
      const inputs = new Set(Array.from({ length: 4 }, () => Math.floor(random() * (at + 20))));
      return [...inputs].map((input) => [build, builds[input]!] as const);
    });
    await farm.edges(edges);
    memory = await rebuild();
    const left = [...builds];
    const open: pg.Client[] = [];
    while (left.length > 60 || open.length > 0) {
      const dice = random();
      if (dice < 0.4 && open.length < 8 && left.length > 60) {
        const client = await begun();
        for (const build of left.splice(Math.floor(random() * left.length), 3)) {
          await succeed(client, build);
        }
        open.push(client);
      } else if (dice < 0.8 && open.length > 0) {
        const [client] = open.splice(Math.floor(random() * open.length), 1);
        const keeps = random() < 0.8 || left.length <= 60;
        await client!.query(keeps ? 'commit' : 'rollback');
        await client!.end();
      } else {
        await follow();
      }
    }
    await follow();
    expect(countsOf(memory.planner)).toEqual(countsOf((await rebuild()).planner));
    expect(await audit()).toEqual({ repaired: [], next: 0, behind: false });
  }, 60_000);

  it('sends a reader that is too far behind back to the beginning', async () => {
    await farm.builds(3);
    memory = await rebuild();
    await setStatus(farm, await farm.builds(1), 'succeeded');
    await farm.graph.forget((await rebuild()).position);
    expect(await follow()).toBe(false);
    memory = await rebuild();
    expect(await follow()).toBe(true);
    expect(await farm.database.query('select from planner_changes')).toEqual([]);
  });
});

describe('the memory', () => {
  it('takes up what was inserted, and an input that was built before it was seen', async () => {
    memory = await rebuild();
    const [input, build, last] = await farm.builds(3);
    await farm.edges([
      [build!, input!],
      [last!, build!],
    ]);
    await setStatus(farm, [input!], 'succeeded');
    await follow();
    expect(countsOf(memory.planner)).toEqual({ [build!]: 0, [last!]: 1 });
  });

  it('counts an input again that had succeeded and is built again', async () => {
    const [input, build] = await farm.builds(2);
    await farm.edges([[build!, input!]]);
    await setStatus(farm, [input!], 'succeeded');
    memory = await rebuild();
    expect(countsOf(memory.planner)).toEqual({ [build!]: 0 });
    await setStatus(farm, [input!], 'scheduled');
    await follow();
    expect(countsOf(memory.planner)).toEqual({ [input!]: 0, [build!]: 1 });
    await setStatus(farm, [input!], 'succeeded');
    await follow();
    expect(countsOf(memory.planner)).toEqual({ [build!]: 0 });
  });

  it('keeps a failed input apart and takes it up when it is built again', async () => {
    const [input, build] = await farm.builds(2);
    await farm.edges([[build!, input!]]);
    await setStatus(farm, [input!], 'failed');
    memory = await rebuild();
    expect(memory.planner.waitOf(build!, memory.now)?.reason).toEqual({
      kind: 'input-failed',
      inputs: [input],
    });
    await setStatus(farm, [input!], 'scheduled');
    await follow();
    await setStatus(farm, [input!], 'succeeded');
    await follow();
    expect(countsOf(memory.planner)).toEqual({ [build!]: 0 });
  });

  it('forgets what nobody waits for', async () => {
    const builds = await farm.builds(50);
    await farm.edges(builds.slice(1).map((build, at) => [build, builds[at]!] as const));
    memory = await rebuild();
    for (const build of builds) {
      await setStatus(farm, [build], 'succeeded');
      await follow();
    }
    expect([memory.size, memory.planner.size().builds]).toEqual([0, 0]);
    expect(memory.takeSucceeded()).toHaveLength(50);
  });
});

describe('the audit', () => {
  it('finds nothing while all is well, whatever happens meanwhile', async () => {
    const [input, build] = await farm.builds(2);
    await farm.edges([[build!, input!]]);
    memory = await rebuild();
    await setStatus(farm, [input!], 'succeeded');
    expect(await audit()).toEqual({ repaired: [], next: 0, behind: false });
    expect(countsOf(memory.planner)).toEqual({ [build!]: 0 });
  });

  it('finds changes that nobody told, and repairs them', async () => {
    const [input, other, build, gone] = await farm.builds(4);
    await farm.edges([
      [build!, input!],
      [build!, other!],
    ]);
    memory = await rebuild();
    await setStatus(farm, [input!, gone!], 'succeeded');
    const [unseen] = await farm.builds(1);
    await farm.database.execute('truncate planner_changes');
    expect((await audit()).repaired).toEqual([input, build, gone, unseen]);
    expect(countsOf(memory.planner)).toEqual({ [other!]: 0, [build!]: 1, [unseen!]: 0 });
    expect((await audit()).repaired).toEqual([]);
  });
});

/** Mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
