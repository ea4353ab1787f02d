/** What people wish of a worker is written, and told to its gateway and to the planner at once. */
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { PostgresReportStore } from '#adapters/postgres/report-store.js';
import { PostgresWorkerStandingStore } from '#adapters/postgres/worker-standing-store.js';
import type { Bus } from '#application/ports/bus.js';
import type { Wished } from '#application/ports/worker-standing-store.js';
import { removeWorker } from '#application/remove-worker.js';
import type { WorkerId } from '#domain/ids.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { BUS } from '../farm/tokens.js';

@Injectable()
export class WorkerStanding {
  private readonly standing: PostgresWorkerStandingStore;
  private readonly reports: PostgresReportStore;

  constructor(
    database: Database,
    @Inject(BUS) private readonly bus: Bus,
  ) {
    this.standing = new PostgresWorkerStandingStore(database);
    this.reports = new PostgresReportStore(database);
  }

  async pause(worker: WorkerId, note: string, until: string | undefined): Promise<void> {
    await this.told(worker, await this.standing.pause(worker, { note, until: until ?? null }));
  }

  async drain(worker: WorkerId, note: string): Promise<void> {
    await this.told(worker, await this.standing.drain(worker, note));
  }

  async resume(worker: WorkerId): Promise<void> {
    await this.told(worker, await this.standing.resume(worker));
  }

  async remove(worker: WorkerId): Promise<void> {
    const { standing, reports, bus } = this;
    if (!(await removeWorker({ standing, reports, bus }, worker))) throw unknown(worker);
  }

  private async told(worker: WorkerId, wished: Wished): Promise<void> {
    if (wished === 'unknown-worker') throw unknown(worker);
    if (wished === 'until-is-past') {
      const detail = 'The pause would have ended before it began.';
      throw new ProblemException({ status: 422, kind: 'until-is-past', detail });
    }
    for (const topic of [`worker/${worker}`, 'workers', 'planner'] as const) {
      await this.bus.publish(topic, '');
    }
  }
}

function unknown(worker: WorkerId): ProblemException {
  return notFound(`worker ${worker}`);
}
