import { describe, expect, it } from '@jest/globals';
import type { WorkerReport } from '#application/accept-report.js';
import type { Bus } from '#application/ports/bus.js';
import type { AttemptReport, ReportStore, Settled } from '#application/ports/report-store.js';
import { id, type AttemptId, type Fence, type WorkerId } from '#domain/ids.js';
import { ReportDesk } from './report-desk.js';

const silent: Bus = {
  publish: async () => undefined,
  subscribe: async () => async () => undefined,
  close: async () => undefined,
};
const accepted: Settled = { accepted: true, build: null, evaluation: null, settlement: null };

/** Batches commit when the test says so, the oldest first. */
class HeldStore implements ReportStore {
  readonly batches: number[][] = [];
  private readonly commits: (() => void)[] = [];
  private readonly heard: (() => void)[] = [];

  constructor(private readonly undigested: readonly number[] = []) {}

  async settle(reports: readonly AttemptReport[]): Promise<readonly Settled[]> {
    this.batches.push(reports.map(({ attempt }) => attempt));
    await new Promise<void>((resolve) => {
      this.commits.push(resolve);
      this.heard.shift()?.();
    });
    if (reports.some(({ attempt }) => this.undigested.includes(attempt))) throw new Error('no');
    return reports.map(() => accepted);
  }

  /** Once a batch is there. */
  async commit(): Promise<void> {
    if (this.commits.length === 0) await new Promise<void>((resolve) => this.heard.push(resolve));
    this.commits.shift()!();
  }
}

function deskOn(store: ReportStore): ReportDesk {
  return new ReportDesk({ store, bus: silent });
}

function reportOf(attempt: number): WorkerReport {
  return {
    worker: id<WorkerId>(1),
    attempt: id<AttemptId>(attempt),
    fence: 'f' as Fence,
    logBytes: 0,
    outputs: [],
    outcome: { kind: 'canceled', message: '' },
  };
}

describe('the report desk', () => {
  it('commits reports that wait together as one', async () => {
    const store = new HeldStore();
    const desk = deskOn(store);
    const settled = [3, 1, 2].map((attempt) => desk.settle(reportOf(attempt)));
    await store.commit();
    expect(await Promise.all(settled)).toEqual([true, true, true]);
    expect(store.batches).toEqual([[1, 2, 3]]);
  });

  it('takes a report that comes in the moment when it goes home', async () => {
    const store = new HeldStore();
    const desk = deskOn(store);
    for (let steps = 0; steps < 8; steps += 1) {
      const first = desk.settle(reportOf(1));
      await turn();
      await store.commit();
      await first;
      // So many steps later: each finds the desk a little further on its way.
      for (let i = 0; i < steps; i += 1) await Promise.resolve();
      const next = desk.settle(reportOf(2));
      await store.commit();
      expect(await next).toBe(true);
    }
  });

  it('begins a second batch while the first commits', async () => {
    const store = new HeldStore();
    const desk = deskOn(store);
    const first = desk.settle(reportOf(1));
    await turn();
    const others = [2, 3].map((attempt) => desk.settle(reportOf(attempt)));
    await turn();
    expect(store.batches).toEqual([[1], [2, 3]]);
    await store.commit();
    await store.commit();
    expect(await Promise.all([first, ...others])).toEqual([true, true, true]);
  });

  it('makes two batches of many, and lets few wait for many', async () => {
    const store = new HeldStore();
    const desk = deskOn(store);
    const settled = Array.from({ length: 40 }, (_, i) => desk.settle(reportOf(i + 1)));
    await turn();
    expect(store.batches.map((batch) => batch.length)).toEqual([20, 20]);
    await store.commit();
    await turn();
    settled.push(desk.settle(reportOf(41)));
    await turn();
    expect(store.batches).toHaveLength(2);
    await store.commit();
    await store.commit();
    expect((await Promise.all(settled)).every((accepted) => accepted)).toBe(true);
  });

  it('never has one attempt in two batches at once', async () => {
    const store = new HeldStore();
    const desk = deskOn(store);
    const first = desk.settle(reportOf(1));
    await turn();
    const again = desk.settle(reportOf(1));
    await turn();
    expect(store.batches).toEqual([[1]]);
    await store.commit();
    await first;
    await store.commit();
    expect(await again).toBe(true);
  });

  it('lets one report that the farm cannot digest hold up no other', async () => {
    const store = new HeldStore([2]);
    const desk = deskOn(store);
    const settled = [1, 2, 3].map((attempt) => desk.settle(reportOf(attempt)));
    const ends = Promise.allSettled(settled);
    for (let commits = 0; commits < 4; commits += 1) await store.commit();
    expect((await ends).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('closes when what waits is committed, and at once when nothing does', async () => {
    const store = new HeldStore();
    const desk = deskOn(store);
    await desk.close();
    const settled = desk.settle(reportOf(1));
    const closed = desk.close().then(() => 'closed');
    await store.commit();
    expect(await Promise.race([settled, closed])).toBe(true);
    expect(await closed).toBe('closed');
  });
});

/** The desk gathers for one turn of the event loop, and again for a second batch. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
}
