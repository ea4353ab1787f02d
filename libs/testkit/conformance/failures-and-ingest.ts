/** What every FailureStore, IngestStore and PlannerStore must do; the fakes and Postgres run it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BuildId } from '#domain/ids.js';
import type { FeedPosition, GraphBuild } from '#application/ports/planner-store.js';
import { FarmBench, type OpenFarm } from './farm-bench.js';

export function failuresAndIngestConformance(name: string, open: OpenFarm): void {
  describe(`failures, ingest and the planner's feed on ${name}`, () => {
    const at: { farm?: FarmBench } = {};
    const farm = (): FarmBench => at.farm!;
    beforeEach(async () => {
      at.farm = await FarmBench.open(open);
    });
    afterEach(() => at.farm?.subject.close());
    failures(farm);
    ingest(farm);
    feed(farm);
  });
}

function failures(farm: () => FarmBench): void {
  it('a failure reaches all that need it, and nothing else', async () => {
    const [root] = await farm().graph([], [1], [2], []);
    await farm().failed(root!, await farm().worker());
    expect(await farm().stores.failures.propagate(100)).toMatchObject({ failed: 2 });
    expect(await farm().stores.failures.propagate(100)).toEqual({ failed: 0, done: true });
    const { builds } = await farm().subject.rows();
    const fell = { status: 'failed-dependency', failurePropagated: true };
    expect(builds[1]).toMatchObject({ ...fell, failedInput: builds[0]!.id });
    expect(builds[2]).toMatchObject({ ...fell, failedInput: builds[1]!.id });
    expect(builds[3]).toMatchObject({ status: 'scheduled' });
  });

  it('more dependents than a batch holds are told in several', async () => {
    const [root] = await farm().graph([], [1], [1], [1], [1], [1]);
    await farm().failed(root!, await farm().worker());
    let calls = 0;
    while (!(await farm().stores.failures.propagate(2)).done) calls += 1;
    expect(calls).toBeGreaterThan(2);
    expect((await farm().statuses()).filter((one) => one === 'failed-dependency')).toHaveLength(5);
    expect(await farm().stores.failures.audit()).toBe(0);
  });
}

function ingest(farm: () => FarmBench): void {
  it('repeating a batch changes nothing', async () => {
    const inputs = [[], [1]];
    expect(await farm().ingest(inputs)).toMatchObject({ newBuilds: 2, rescheduled: 0 });
    expect(await farm().ingest(inputs)).toMatchObject({ newBuilds: 0, rescheduled: 0 });
    const { builds, edges } = await farm().subject.rows();
    expect([builds.length, edges.length]).toEqual([2, 1]);
  });

  it('an evaluator that lost its evaluation writes nothing', async () => {
    await farm().subject.takeOver(farm().lease.evaluation);
    expect(await farm().ingest([[]])).toBeNull();
    expect(await farm().statuses()).toEqual([]);
  });

  it('another evaluation wishes again for what was canceled, and not for what failed', async () => {
    const [bad, unwanted] = await farm().graph([], []);
    const worker = await farm().worker();
    await farm().failed(bad!, worker);
    const claimed = await farm().claimed(unwanted!, worker);
    await farm().stores.leases.wishCancel(unwanted!, 'not wanted');
    const canceled = { kind: 'canceled', message: 'stopped' } as const;
    await farm().settle(farm().report(claimed, worker), canceled);
    expect(await farm().statuses()).toEqual(['failed', 'canceled']);
    const lease = await farm().subject.evaluation();
    expect(await farm().ingest([[], []], lease)).toMatchObject({ rescheduled: 1 });
    expect(await farm().statuses()).toEqual(['failed', 'scheduled']);
    expect((await farm().build(unwanted!)).generation).toBe(2);
  });

  it('a new build that needs what has failed hears of it', async () => {
    const [bad] = await farm().graph([]);
    await farm().failed(bad!, await farm().worker());
    await farm().stores.failures.propagate(10);
    const lease = await farm().subject.evaluation();
    expect(await farm().ingest([[], [1]], lease)).toMatchObject({ newBuilds: 1 });
    await farm().stores.failures.propagate(10);
    expect(await farm().statuses()).toEqual(['failed', 'failed-dependency']);
  });
}

function feed(farm: () => FarmBench): void {
  async function load(): Promise<{ position: FeedPosition; builds: GraphBuild[] }> {
    const builds: GraphBuild[] = [];
    let position: FeedPosition | null = null;
    for await (const part of farm().stores.graph.load()) {
      position ??= part.position;
      builds.push(...part.builds);
    }
    return { position: position!, builds };
  }
  const byBuild = (a: { build: BuildId }, b: { build: BuildId }): number => a.build - b.build;

  it('loads what is unfinished and what holds it back, without what has succeeded', async () => {
    const [good, bad, next] = await farm().graph([], [], [1, 2]);
    const worker = await farm().worker();
    await farm().succeeded(good!, worker);
    await farm().failed(bad!, worker);
    const { builds } = await load();
    expect(builds.sort(byBuild)).toMatchObject([
      { build: bad, status: 'failed', inputs: [] },
      { build: next, status: 'scheduled', inputs: [bad], releasedTo: null },
    ]);
  });

  it('tells what changed since a position, once, with what became of it', async () => {
    const [build] = await farm().graph([], []);
    const { position } = await load();
    const worker = await farm().worker();
    await farm().claimed(build!, worker);
    const changes = await farm().stores.graph.changes(position);
    expect(changes!.builds).toMatchObject([{ build, status: 'submitted', generation: 1 }]);
    const later = await farm().stores.graph.changes(changes!.position);
    expect(later!.builds).toEqual([]);
  });

  it('counts unfinished inputs at the snapshot of the changes it tells', async () => {
    const [first, second, third] = await farm().graph([], [], [1, 2]);
    const { position } = await load();
    await farm().succeeded(first!, await farm().worker());
    const slice = await farm().stores.graph.slice(position, 0, 100);
    expect([...slice!.counts].sort(byBuild)).toEqual([
      { build: second, unfinishedInputs: 0 },
      { build: third, unfinishedInputs: 1 },
    ]);
    expect(slice!.changes.builds).toMatchObject([{ build: first, status: 'succeeded' }]);
    expect(await farm().stores.graph.dependents([first!])).toEqual([third]);
  });
}
