/** How good a specification was over time, the newest good evaluation, and how to follow it. */
import type { TrendAnswer } from '#protocol/api/commit.js';
import { BarChart } from './chart.js';
import { availability } from './evaluation-words.js';
import { Section, Time } from './parts.js';
import { plainTime } from './words.js';

interface Props {
  readonly name: string;
  readonly trend: TrendAnswer;
  readonly now: Date;
}

export function Trend({ name, trend: { points, good, percent }, now }: Props) {
  const last = points.at(-1);
  if (!last) return null;
  return (
    <Section title="Availability">
      <p>
        <strong>{availability(last)}</strong> of the jobs of evaluation{' '}
        <a href={`/evaluations/${last.evaluation}`}>{last.evaluation}</a>
        {points.length > 1
          ? `; it was ${availability(points[0]!)} in evaluation ${points[0]!.evaluation}`
          : ''}
      </p>
      <BarChart
        title="Jobs that succeeded"
        head={['Evaluation', 'Succeeded']}
        bars={points.map((point) => ({
          label: `${point.evaluation}, ${plainTime(point.startedAt)}`,
          value: point.succeeded / point.jobs,
          told: `${availability(point)} of ${point.jobs}`,
          tone: point.newlyFailing > 0 ? 'bad' : 'good',
          address: `/evaluations/${point.evaluation}`,
        }))}
      />
      <form class="narrow" method="get" action={`/specifications/${name}`}>
        <span>
          {good === null ? (
            `None of the last evaluations is good to ${percent} %.`
          ) : (
            <>
              The newest that is good to {percent} % is{' '}
              <a href={`/evaluations/${good.evaluation}`}>evaluation {good.evaluation}</a> (
              {availability(good)}), <Time at={good.startedAt} now={now} />, at{' '}
              {good.checkouts.map(({ channel, revision }, at) => (
                <>
                  {at > 0 ? ', ' : ''}
                  {channel}{' '}
                  <a href={`/commits/${revision}`}>
                    <code>{revision.slice(0, 12)}</code>
                  </a>
                </>
              ))}
              .
            </>
          )}
        </span>
        <label>
          At least{' '}
          <input type="number" name="good" min={0} max={100} step="any" value={String(percent)} /> %
        </label>
        <button>Look</button>
      </form>
    </Section>
  );
}

/** Names of specifications are plain letters, so addresses need no quoting. */
export function Follow({ name, guix }: { name: string; guix: boolean }) {
  return (
    <ul class="classes">
      <li>
        <a href={`/events/atom?specification=${name}`}>Atom feed</a> or{' '}
        <a href={`/events/rss?specification=${name}`}>RSS feed</a> of what breaks and is mended
      </li>
      <li>
        <a href={`/jobset/${name}/badge.svg`}>
          <img src={`/jobset/${name}/badge.svg`} alt={`Badge of ${name}`} height={20} />
        </a>{' '}
        for a README
      </li>
      {guix ? (
        <li>
          <a href={`/eval/latest/channels.scm?spec=${name}`}>channels.scm</a> of its newest
          evaluation
        </li>
      ) : null}
    </ul>
  );
}
