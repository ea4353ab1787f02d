/** The builds of a job before this one: since when it is as it is, and how long builds took. */
import type { BuildAnswer } from '#protocol/api/build.js';
import type { BuildHistoryAnswer, PastBuild, StoryPoint } from '#protocol/api/build-story.js';
import { BarChart } from './chart.js';
import { Section } from './parts.js';
import { duration, plainTime, secondsBetween } from './words.js';

/** Last success, first failure, and what changed between them. */
export function Story({ build, history }: { build: BuildAnswer; history: BuildHistoryAnswer }) {
  const { lastSuccess, firstFailure, lastFailure, firstSuccess, changes } = history;
  const facts: readonly (readonly [string, StoryPoint | null])[] = firstFailure
    ? [
        ['Last succeeded in', lastSuccess],
        ['Fails since', firstFailure],
      ]
    : [
        ['Last failed in', lastFailure],
        ['Succeeds since', firstSuccess],
      ];
  const known = facts.filter(([, point]) => point !== null && point.evaluation !== '0');
  if (known.length === 0) return null;
  const never = firstFailure !== null && lastSuccess === null;
  return (
    <Section title="What it was before">
      <dl>
        {never ? (
          <>
            <dt>Last succeeded in</dt>
            <dd>no evaluation that the farm knows of</dd>
          </>
        ) : null}
        {known.map(([word, point]) => (
          <>
            <dt>{word}</dt>
            <dd>
              <Point point={point!} here={build.id} />
            </dd>
          </>
        ))}
        {changes.length > 0 ? (
          <>
            <dt>{firstFailure ? 'Changed in between' : 'Changed when it was mended'}</dt>
            <dd>
              <Changes changes={changes} />
            </dd>
          </>
        ) : null}
      </dl>
    </Section>
  );
}

function Point({ point: { evaluation, build }, here }: { point: StoryPoint; here: string }) {
  return (
    <>
      <a href={`/evaluations/${evaluation}`}>evaluation {evaluation}</a>
      {build === null ? null : build === here ? (
        ', by this build'
      ) : (
        <>
          , by <a href={`/builds/${build}`}>build {build}</a>
        </>
      )}
    </>
  );
}

function Changes({ changes }: { changes: BuildHistoryAnswer['changes'] }) {
  return (
    <ul class="plain">
      {changes.map(({ channel, from, to, address }) => {
        const range = `${from.slice(0, 10)}..${to.slice(0, 10)}`;
        return (
          <li>
            {channel}:{' '}
            {address === null ? (
              <code class="break">{range}</code>
            ) : (
              <a href={address}>
                commits <code>{range}</code>
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const leastBars = 3;

/** The oldest first; nothing while there are too few to compare. */
export function Durations({ history, here }: { history: BuildHistoryAnswer; here: string }) {
  const builds = history.builds.toReversed();
  if (builds.length < leastBars) return null;
  const usual = median(
    builds.filter(({ status }) => status === 'succeeded').map((build) => secondsOf(build)),
  );
  return (
    <Section title="How long builds took">
      <BarChart
        title={`The last ${builds.length} builds of this job`}
        head={['Build', 'Took']}
        bars={builds.map((build) => ({
          label: `${build.id === here ? 'this one' : build.id}, ${plainTime(build.endedAt)}`,
          value: secondsOf(build),
          told: `${duration(secondsOf(build))}, ${build.status}`,
          tone: build.status === 'succeeded' ? 'good' : 'bad',
          address: `/builds/${build.id}`,
        }))}
      >
        {usual === null ? null : <span class="quiet"> · usual: {duration(usual)}</span>}
      </BarChart>
    </Section>
  );
}

function secondsOf({ startedAt, endedAt }: PastBuild): number {
  return secondsBetween(startedAt, endedAt);
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? null;
}
