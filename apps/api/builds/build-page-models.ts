/** Reads what the pages of one build show. */
import { Injectable } from '@nestjs/common';
import { NeighbourQueries } from '#adapters/postgres/neighbour-queries.js';
import type { BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import type { GraphQuery } from '#protocol/api/build-story.js';
import type { BuildModel } from '#views/build.js';
import type { GraphModel } from '#views/graph.js';
import { LogTails } from '../pages/log-tails.js';
import { BuildReader } from './build-reader.js';
import { RecipeReader } from './recipe-reader.js';
import { StoryReader } from './story-reader.js';

@Injectable()
export class BuildPageModels {
  constructor(
    private readonly builds: BuildReader,
    private readonly tails: LogTails,
    private readonly recipes: RecipeReader,
    private readonly stories: StoryReader,
    private readonly neighbours: NeighbourQueries,
  ) {}

  async build(buildId: BuildId): Promise<BuildModel> {
    const build = await this.builds.find(buildId);
    if (!build) throw notFound(`build ${buildId}`);
    const attempt = build.attempts.at(-1);
    const [log, recipe, source, history, closure] = await Promise.all([
      this.tails.of(attempt ? `attempt-${Number(attempt.id)}` : null),
      this.recipes.recipeOf(build),
      this.recipes.sourceOf(build),
      this.stories.history(build),
      this.stories.closure(buildId),
    ]);
    return { build, log, recipe, source, history, closures: closure.items, now: new Date() };
  }

  async graph(buildId: BuildId, query: GraphQuery): Promise<GraphModel> {
    const [build, graph] = await Promise.all([
      this.neighbours.summary(buildId),
      this.stories.graph(buildId, query),
    ]);
    if (!build || !graph) throw notFound(`build ${buildId}`);
    return { build, graph, query, now: new Date() };
  }
}
