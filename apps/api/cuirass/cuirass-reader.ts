/** Reads what Cuirass's addresses tell. */
import { Injectable } from '@nestjs/common';
import { CuirassBuilds, type TellingBuild } from '#adapters/postgres/cuirass-builds.js';
import { CuirassEvaluations } from '#adapters/postgres/cuirass-evaluations.js';
import { CuirassSelection, type BuildFilters } from '#adapters/postgres/cuirass-selection.js';
import { Database } from '#adapters/postgres/database.js';
import { WeatherQueries } from '#adapters/postgres/weather-queries.js';
import type { BadgeCounts } from './badge.js';
import { buildObject } from './shapes.js';

@Injectable()
export class CuirassReader {
  readonly evaluations: CuirassEvaluations;
  private readonly builds: CuirassBuilds;
  private readonly selection: CuirassSelection;
  private readonly weather: WeatherQueries;

  constructor(database: Database) {
    this.evaluations = new CuirassEvaluations(database);
    this.builds = new CuirassBuilds(database);
    this.selection = new CuirassSelection(database);
    this.weather = new WeatherQueries(database);
  }

  async latest(filters: BuildFilters, limit: number): Promise<object[]> {
    return this.objects(await this.selection.latest(filters, limit));
  }

  async queue(filters: BuildFilters, limit: number): Promise<object[]> {
    return this.objects(await this.selection.queue(filters, limit));
  }

  /** By its number or by the base name of its `.drv`; null for whatever else it is. */
  async buildId(named: string): Promise<TellingBuild | null> {
    if (named.endsWith('.drv')) return this.builds.ofDerivation(named);
    return /^\d{1,15}$/.test(named) ? this.builds.find(Number(named)) : null;
  }

  async build(named: string): Promise<object | null> {
    const found = await this.buildId(named);
    return found === null ? null : ((await this.objects([found]))[0] ?? null);
  }

  async output(basename: string): Promise<object | null> {
    const found = await this.builds.output(basename);
    if (!found) return null;
    const { name, derivation, build } = found;
    const [object] = build === null ? [] : await this.objects([build]);
    return { name, derivation, build: object ?? null };
  }

  /** Of its last evaluation that succeeded; null when it has none. */
  async latestCounts(specification: string): Promise<BadgeCounts | null> {
    const latest = await this.evaluations.latest(specification);
    return latest === null ? null : this.evaluations.counts(latest);
  }

  private async objects(chosen: readonly TellingBuild[]): Promise<object[]> {
    const [builds, weather] = await Promise.all([
      this.builds.told(chosen),
      this.weather.ofBuilds(chosen),
    ]);
    return builds.map((build) => buildObject(build, weather.get(build.id) ?? 'unknown'));
  }
}
