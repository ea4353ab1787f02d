/**
 * The planner's memory of one large evaluation, built from Postgres, against a bare read of the
 * same rows: COPY into nothing.
 */
import { PostgresPlannerStore } from '#adapters/postgres/planner-store.js';
import { readGraph } from '#adapters/postgres/planner-rows.js';
import { rebuildPlanner } from '#application/follow-builds.js';
import { defaultPolicy } from '#domain/scheduling/planner.js';
import { to as copyTo } from 'pg-copy-streams';
import { secondsOf, type Contest } from './contest.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';
import { seedLargeGraph } from '#testkit/large-graph.js';

const builds = 300_000;

export async function plannerRebuild(): Promise<Contest> {
  const farm = await startFarmDatabase();
  const { edges } = await seedLargeGraph(farm.database, builds);
  const graph = new PostgresPlannerStore(farm.database);
  return {
    name: `planner's memory of ${builds} builds, ${edges} edges`,
    unit: 's',
    better: 'low',
    floor: { name: 'bare read', round: () => secondsOf(() => bareRead(farm)) },
    contender: {
      name: 'rebuild',
      round: () =>
        secondsOf(async () => {
          const memory = await rebuildPlanner(graph, defaultPolicy);
          if (memory.size !== builds) throw new Error(`it knows ${memory.size} builds`);
        }),
    },
    close: () => farm.stop(),
  };
}

async function bareRead({ database }: FarmDatabase): Promise<void> {
  const client = await database.dedicated();
  try {
    const rows = client.query(copyTo(`copy (${readGraph}) to stdout (format binary)`));
    for await (const chunk of rows) void chunk;
  } finally {
    await client.end();
  }
}
