/**
 * Builds that have waited since longer than a miss is believed are asked for again, page by page:
 * an upstream may have built them meanwhile, or was added. What can be had is fetched instead.
 */
import type { BuildId } from '#domain/ids.js';
import { missedSeconds } from '#domain/substitute/upstream.js';
import type { UpstreamQuestions } from './ask-upstreams.js';
import type { Bus } from './ports/bus.js';
import type { WaitingBuilds } from './ports/waiting-builds.js';

export interface WaitingParts {
  readonly waiting: WaitingBuilds;
  readonly questions: Pick<UpstreamQuestions, 'present'>;
  readonly bus: Pick<Bus, 'publish'>;
}

const askedAtOnce = 1000;

/** Where the next page begins; null: at the first build again. */
export async function askForWaiting(
  { waiting, questions, bus }: WaitingParts,
  after: BuildId | null,
): Promise<BuildId | null> {
  const page = await waiting.after(after, askedAtOnce, missedSeconds);
  let found = 0;
  for (const [slug, builds] of Map.groupBy(page, (build) => build.slug)) {
    const present = await questions.present(
      slug,
      builds.flatMap(({ outputs }) => outputs),
    );
    const whole = builds.filter(({ outputs }) => outputs.every((path) => present.has(path)));
    found += await waiting.substitute(whole.map(({ build }) => build));
  }
  if (found > 0) await bus.publish('planner', '');
  return page.length < askedAtOnce ? null : (page.at(-1)?.build ?? null);
}
