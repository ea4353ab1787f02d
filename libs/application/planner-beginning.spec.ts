/** A memory that begins with everything at once knows what one knows that was told bit by bit. */
import { describe, expect, it } from '@jest/globals';
import { id, type BuildId, type SpecificationId } from '#domain/ids.js';
import { defaultPolicy } from '#domain/scheduling/planner.js';
import { PlannerMemory } from './planner-memory.js';
import type { Demanded, FeedPosition, GraphBuild } from './ports/planner-store.js';

const now = 1_000_000;
const workerClass = { systems: ['x86_64-linux'], features: [], speed: 1 };
const worker = { ...workerClass, slots: 500, connected: true, paused: false, draining: false };

function memory(): PlannerMemory {
  return new PlannerMemory(defaultPolicy, { position: '' as FeedPosition, now });
}

/** Numbers that look random and are the same each time. */
function* numbers(): Generator<number> {
  for (let state = 1; ;) yield (state = (state * 48_271) % 2_147_483_647);
}

function graph(count: number): { builds: GraphBuild[]; demanded: Demanded[] } {
  const chance = numbers();
  const next = (below: number): number => chance.next().value % below;
  const builds = Array.from({ length: count }, (_, n): GraphBuild => {
    const inputs = new Set(Array.from({ length: Math.min(n, next(5)) }, () => next(n) + 1));
    const isFailed = inputs.size === 0 && next(6) === 0;
    return {
      build: id<BuildId>(n + 1),
      status: isFailed ? 'failed' : 'scheduled',
      priority: next(3),
      system: 'x86_64-linux',
      requiredFeatures: [],
      packageName: `p${next(40)}`,
      inputs: isFailed ? [] : ([...inputs] as BuildId[]),
      estimateMs: next(3) === 0 ? null : 1000 * (1 + next(9)),
      notBefore: null,
      generation: next(4),
      scheduledAt: now - next(1000),
    };
  });
  const needed = new Set(builds.flatMap(({ inputs }) => inputs));
  const told = builds.filter(({ build, status }) => status !== 'failed' || needed.has(build));
  const demanded = Array.from({ length: count / 3 }, () => ({
    build: id<BuildId>(next(count) + 1),
    specification: id<SpecificationId>(1 + next(3)),
  }));
  return { builds: told, demanded };
}

describe('a planner’s memory', () => {
  it('begins with everything at once as if it had been told bit by bit', () => {
    const { builds, demanded } = graph(600);
    const [whole, bits] = [memory(), memory()];
    whole.begin(builds, demanded);
    for (let at = 0; at < builds.length; at += 50) {
      const some = builds.slice(at, at + 50);
      const named = new Set(some.map(({ build }) => build));
      bits.admit(
        some,
        demanded.filter(({ build }) => named.has(build)),
      );
    }
    const counted = (of: PlannerMemory) => [...of.planner.counts()];
    expect(counted(whole)).toEqual(counted(bits));
    const demanders = (of: PlannerMemory) => builds.map(({ build }) => of.demandersOf(build));
    expect(demanders(whole)).toEqual(demanders(bits));
    expect(demanders(whole).filter(({ length }) => length > 1)).not.toEqual([]);
    const classes = [{ name: 'c', workerClass, slots: 500, outstanding: 0 }];
    const plan = ({ planner }: PlannerMemory) => {
      const planned = planner.plan({ now, classes, workers: [worker], specifications: [] });
      // Among equals whoever was told first goes first.
      return planned.assignments.toSorted((a, b) => a.build - b.build);
    };
    const planned = plan(whole);
    expect(planned.length).toBeGreaterThan(50);
    expect(planned).toEqual(plan(bits));
  });

  it('that began at once follows what ends, and forgets what nobody waits for', () => {
    const { builds, demanded } = graph(60);
    const whole = memory();
    whole.begin(builds, demanded);
    const size = whole.size;
    for (const { build } of builds.filter(({ status }) => status !== 'failed')) {
      whole.apply([{ build, status: 'succeeded', inserted: false }]);
    }
    expect(size).toBe(builds.length);
    expect([whole.size, [...whole.planner.counts()]]).toEqual([0, []]);
  });
});
