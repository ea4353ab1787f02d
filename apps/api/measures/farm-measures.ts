/** What the api tells Prometheus of the farm; names and labels are described in docs/operate.md. */
import { Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { MeasureQueries } from '#adapters/postgres/measure-queries.js';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import type { Family, Sample } from '#nest/exposition.js';
import type { QueueCount } from '#protocol/api/queue.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { QueueCounts } from '../queue/queue-counts.js';

@Injectable()
export class FarmMeasures {
  private readonly queries: MeasureQueries;

  constructor(
    database: Database,
    private readonly queue: QueueCounts,
    private readonly workers: WorkerQueries,
  ) {
    this.queries = new MeasureQueries(database);
  }

  async families(): Promise<Family[]> {
    const [queue, workers, evaluations, deliveries, disks] = await Promise.all([
      this.queue.read(),
      this.workers.list(),
      this.queries.evaluations(),
      this.queries.deliveries(),
      this.queries.disks(),
    ]);
    const one = disks.map(({ name, freeBytes }) => ({ labels: { disk: name }, value: freeBytes }));
    const guards = disks.map(({ name, level }) => ({
      labels: { disk: name },
      value: ['roomy', 'soft', 'hard'].indexOf(level),
    }));
    return [
      ...queueFamilies(queue, Date.now()),
      ...workerFamilies(workers),
      gauge('evaluations', 'Evaluations of the last day', counted(evaluations, 'state')),
      gauge('notifications', 'Messages of the last day', counted(deliveries, 'state')),
      gauge('disk_free_bytes', 'Room on the disks of the farm', one),
      gauge('disk_guard', 'What a disk holds back: 0 nothing, 1 evaluations, 2 all', guards),
    ];
  }
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples };
}

function counted(
  rows: readonly { readonly of: string; readonly count: number }[],
  label: string,
): Sample[] {
  return rows.map(({ of, count }) => ({ labels: { [label]: of }, value: count }));
}

export function queueFamilies(queue: QueueCount, now: number): Family[] {
  const states = ['scheduled', 'submitted', 'started'] as const;
  return [
    gauge(
      'builds',
      'Builds that are not final',
      queue.bySystem.flatMap((row) =>
        states.map((state) => ({ labels: { system: row.system, state }, value: row[state] })),
      ),
    ),
    gauge(
      'queue_oldest_age_seconds',
      'For how long the oldest scheduled build waits',
      queue.byPriority.flatMap(({ system, priority, oldestScheduledAt }) => {
        if (oldestScheduledAt === null) return [];
        const value = Math.max(0, (now - Date.parse(oldestScheduledAt)) / 1000);
        return [{ labels: { system, priority: String(priority) }, value }];
      }),
    ),
    gauge(
      'builds_waiting',
      'Scheduled builds by what they wait for',
      queue.byReason.map(({ reason, builds }) => ({ labels: { reason }, value: builds })),
    ),
    gauge(
      'builds_released',
      'Builds whose ticket may be claimed now',
      queue.byClass.map((row) => ({ labels: { class: row.class }, value: row.released })),
    ),
  ];
}

export function workerFamilies(workers: readonly WorkerAnswer[]): Family[] {
  const byState = new Map<string, { labels: Record<string, string>; value: number }>();
  let slots = 0;
  let busy = 0;
  for (const { state, systems, slots: own, running } of workers) {
    if (state === 'connected') slots += own;
    busy += running.length;
    for (const system of systems) {
      const sample = byState.get(`${state} ${system}`) ?? { labels: { state, system }, value: 0 };
      sample.value += 1;
      byState.set(`${state} ${system}`, sample);
    }
  }
  return [
    gauge('workers', 'Workers that build for a system', [...byState.values()]),
    gauge('worker_slots', 'Slots of the workers that are there', [
      { labels: { state: 'busy' }, value: busy },
      { labels: { state: 'free' }, value: Math.max(0, slots - busy) },
    ]),
    gauge(
      'worker_last_seen_timestamp_seconds',
      'When a worker was last heard of, since 1970',
      workers.flatMap(({ name, lastSeenAt }) =>
        lastSeenAt === null
          ? []
          : [{ labels: { worker: name }, value: Date.parse(lastSeenAt) / 1000 }],
      ),
    ),
  ];
}
