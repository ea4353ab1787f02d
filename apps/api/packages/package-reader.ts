/** What there is of a package: for each system the newest build, and the newest to download. */
import { Injectable } from '@nestjs/common';
import { ClosureQueries } from '#adapters/postgres/closure-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { PackageQueries, type PackageRow } from '#adapters/postgres/package-queries.js';
import { summaryOf } from '#adapters/postgres/reading.js';
import { StoryQueries } from '#adapters/postgres/story-queries.js';
import { commitAddress } from '#domain/forge/commit-address.js';
import { id, type BuildId } from '#domain/ids.js';
import type {
  AvailablePackage,
  PackageAnswer,
  PackageCommit,
  PackagesAnswer,
  PackagesQuery,
} from '#protocol/api/package.js';

@Injectable()
export class PackageReader {
  private readonly packages: PackageQueries;
  private readonly closures: ClosureQueries;
  private readonly stories: StoryQueries;

  constructor(database: Database) {
    this.packages = new PackageQueries(database);
    this.closures = new ClosureQueries(database);
    this.stories = new StoryQueries(database);
  }

  names(query: PackagesQuery): Promise<PackagesAnswer> {
    return this.packages.names(query);
  }

  /** Null when no derivation bears the name. */
  async find(name: string): Promise<PackageAnswer | null> {
    const rows = await this.packages.builds(name);
    const systems = [...Map.groupBy(rows, ({ system }) => system)];
    if (systems.length === 0) return null;
    return { name, bySystem: await Promise.all(systems.map(([, of]) => this.ofSystem(of))) };
  }

  /** What jobs point at comes before mere inputs, which sources and patches are. */
  private async ofSystem(rows: readonly PackageRow[]): Promise<PackageAnswer['bySystem'][number]> {
    const wanted = rows.filter(({ evaluation }) => evaluation !== null);
    const among = wanted.length > 0 ? wanted : rows;
    const newest = among[0]!;
    const available = among.find(({ offered_at: since }) => since !== null);
    return {
      system: newest.system,
      newest: summaryOf(newest),
      available: available ? await this.available(available) : null,
    };
  }

  private async available(row: PackageRow): Promise<AvailablePackage> {
    const [closures, commits] = await Promise.all([
      this.closures.ofBuild(id<BuildId>(row.id)),
      this.commits(row.evaluation),
    ]);
    const main = closures.find(({ output }) => output === 'out') ?? closures[0];
    const { paths, size, whole } = main ?? { paths: 1, size: row.nar_size!, whole: true };
    return {
      ...{ build: String(row.id), name: row.name, size: row.nar_size!, commits },
      ...{ since: row.offered_at!.toISOString(), keptUntil: row.kept_until!.toISOString() },
      closure: { paths, size, whole },
      evaluation: row.evaluation === null ? null : String(row.evaluation),
    };
  }

  private async commits(evaluation: number | null): Promise<PackageCommit[]> {
    if (evaluation === null) return [];
    const checkouts = await this.stories.checkouts([evaluation]);
    return checkouts.map(({ channel, url, revision }) => {
      return { channel, revision, address: commitAddress(url, revision) };
    });
  }
}
