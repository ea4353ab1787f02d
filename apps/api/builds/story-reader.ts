/** What surrounds a build: the results of its job before it, its closure and its neighbourhood. */
import { Injectable } from '@nestjs/common';
import { ClosureQueries } from '#adapters/postgres/closure-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { GraphQueries } from '#adapters/postgres/graph-queries.js';
import { StoryQueries, type Checkout, type JobOfBuild } from '#adapters/postgres/story-queries.js';
import { rangeAddress } from '#domain/forge/commit-address.js';
import { id, type BuildId } from '#domain/ids.js';
import { storyOf, type ResultOf, type ResultStory } from '#domain/weather/result-story.js';
import type { BuildSummary } from '#protocol/api/build.js';
import type {
  BuildHistoryAnswer,
  ChannelChange,
  ClosureAnswer,
  GraphAnswer,
  GraphQuery,
  StoryPoint,
} from '#protocol/api/build-story.js';

const pastAtMost = 30;

@Injectable()
export class StoryReader {
  private readonly stories: StoryQueries;
  private readonly closures: ClosureQueries;
  private readonly graphs: GraphQueries;

  constructor(database: Database) {
    this.stories = new StoryQueries(database);
    this.closures = new ClosureQueries(database);
    this.graphs = new GraphQueries(database);
  }

  /** Empty for a build that no job points at. */
  async history(build: Pick<BuildSummary, 'id' | 'status'>): Promise<BuildHistoryAnswer> {
    const number = id<BuildId>(build.id);
    const job = await this.stories.jobOf(number);
    if (!job) return answerOf(storyOf(pointOf(0, number, null), null, null), [], []);
    const [turn, first, builds] = await Promise.all([
      this.stories.lastTurn(job),
      this.stories.first(job),
      this.stories.past(job, pastAtMost),
    ]);
    const here = pointOf(job.evaluation, number, resultOf(build.status));
    const story = storyOf(here, turn, first);
    return answerOf(story, await this.changes(story, job), builds);
  }

  async closure(build: BuildId): Promise<ClosureAnswer> {
    return { items: await this.closures.ofBuild(build) };
  }

  graph(build: BuildId, { steps, limit }: GraphQuery): Promise<GraphAnswer | null> {
    return this.graphs.around(build, steps, limit);
  }

  /** Between the two results where the job turned. */
  private async changes(story: ResultStory, job: JobOfBuild): Promise<ChannelChange[]> {
    const to = story.firstFailure ?? story.firstSuccess;
    const from = story.firstFailure ? story.lastSuccess : story.lastFailure;
    if (!from || !to || from.evaluation === to.evaluation || job.evaluation === 0) return [];
    const checkouts = await this.stories.checkouts([from.evaluation, to.evaluation]);
    const before = checkouts.filter(({ evaluation }) => evaluation === from.evaluation);
    const after = checkouts.filter(({ evaluation }) => evaluation === to.evaluation);
    return after.flatMap((checkout) => changeOf(before, checkout));
  }
}

function changeOf(before: readonly Checkout[], after: Checkout): ChannelChange[] {
  const { channel, url, revision: to } = after;
  const from = before.find((one) => one.channel === channel)?.revision;
  if (from === undefined || from === to) return [];
  return [{ channel, from, to, address: rangeAddress(url, from, to) }];
}

function answerOf(
  story: ResultStory,
  changes: readonly ChannelChange[],
  builds: BuildHistoryAnswer['builds'],
): BuildHistoryAnswer {
  return {
    lastSuccess: told(story.lastSuccess),
    firstFailure: told(story.firstFailure),
    lastFailure: told(story.lastFailure),
    firstSuccess: told(story.firstSuccess),
    changes: [...changes],
    builds,
  };
}

function told(point: ResultOf | null): StoryPoint | null {
  if (!point) return null;
  const { evaluation, build } = point;
  return { evaluation: String(evaluation), build: build === null ? null : String(build) };
}

function pointOf(evaluation: number, build: number, succeeded: boolean | null) {
  return { evaluation, build, succeeded };
}

/** What was not built for a reason outside of it has no result of its own. */
function resultOf(status: BuildSummary['status']): boolean | null {
  if (status === 'succeeded') return true;
  return status === 'failed' ? false : null;
}
