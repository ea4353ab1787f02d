/** Reads what the first page shows: the specifications, and how the farm does now. */
import { Inject, Injectable } from '@nestjs/common';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { OverviewQueries } from '#adapters/postgres/overview-queries.js';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import type { Settings } from '#nest/settings.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import type { HomeModel, SpecificationLine } from '#views/home.js';
import { QueueCounts } from '../queue/queue-counts.js';
import { SETTINGS } from '../farm/tokens.js';
import { SpecificationReader } from '../specifications/specification-reader.js';
import { Availabilities } from './availabilities.js';

const listedBuilds = 12;
const recentEach = 8;

@Injectable()
export class HomeReader {
  private readonly workers: WorkerQueries;
  private readonly overview: OverviewQueries;

  constructor(
    private readonly specifications: SpecificationReader,
    private readonly builds: BuildQueries,
    private readonly queue: QueueCounts,
    private readonly availabilities: Availabilities,
    @Inject(SETTINGS) private readonly settings: Settings,
    database: Database,
  ) {
    this.workers = new WorkerQueries(database);
    this.overview = new OverviewQueries(database);
  }

  /** `name`: a part of the names to show; empty for all. */
  async read(name: string): Promise<HomeModel> {
    const [lines, running, ended, queue, workers] = await Promise.all([
      this.lines(),
      this.builds.running(listedBuilds),
      this.builds.ended(listedBuilds),
      this.queue.read(),
      this.workers.list(),
    ]);
    const now = new Date();
    const address = this.settings.publicUrl;
    return { lines, name, running, ended, queue, workers, address, now };
  }

  private async lines(): Promise<readonly SpecificationLine[]> {
    const specifications = await this.specifications.list();
    const ids = specifications.map(({ id }) => Number(id));
    const asked = specifications.flatMap(({ lastEvaluation: last }) =>
      last ? [{ evaluation: last.id, counts: JSON.stringify(last.jobs) }] : [],
    );
    const [recent, systems] = await Promise.all([
      this.overview.recent(ids, recentEach),
      this.availabilities.of(asked),
    ]);
    return specifications.map((specification: SpecificationAnswer) => ({
      specification,
      recent: recent.get(Number(specification.id)) ?? [],
      systems: systems.get(specification.lastEvaluation?.id ?? '') ?? [],
    }));
  }
}
