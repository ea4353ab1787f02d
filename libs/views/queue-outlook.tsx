/** What is to come and until when, on the page of the queue. */
import type { OutlookEvaluation, QueueAnswer } from '#protocol/api/queue.js';
import { Section, Table, Time, Took } from './parts.js';
import { count, finishedLately, plural } from './words.js';

export type Outlook = NonNullable<QueueAnswer['outlook']>;

const phases: Readonly<Record<OutlookEvaluation['phase'], string>> = {
  waiting: 'Waits for an evaluator',
  reading: 'Its channels are read',
  registering: 'Its jobs come in',
};

/** Two sentences: until when, and how fast of late. */
export function OutlookLine({ outlook, now }: { outlook: Outlook; now: Date }) {
  const { finished, estimate } = outlook;
  if (!finished && !estimate?.emptyAt && !estimate?.withoutWorker) return null;
  return (
    <p>
      {estimate?.emptyAt ? (
        <>
          Estimated to be empty <Time at={estimate.emptyAt} now={now} />.{' '}
        </>
      ) : null}
      {estimate && estimate.withoutWorker > 0 ? (
        <>{plural(estimate.withoutWorker, 'build')} without a worker that could build them. </>
      ) : null}
      {finished === null ? null : `${finishedLately(finished, now)}.`}
    </p>
  );
}

export function Coming({ outlook, now }: { outlook: Outlook; now: Date }) {
  const { underWay, items } = outlook.evaluations;
  if (items.length === 0) return null;
  const head = ['Evaluation', 'Of', 'Began', 'For', 'It', 'Jobs so far'];
  return (
    <Section title="Evaluations under way">
      <Table caption="Evaluations under way" head={head}>
        {items.map((one) => (
          <tr>
            <td>
              <a href={`/evaluations/${one.id}`}>{one.id}</a>
            </td>
            <td>
              <a href={`/specifications/${encodeURIComponent(one.specification.name)}`}>
                {one.specification.name}
              </a>
            </td>
            <td>
              <Time at={one.startedAt} now={now} />
            </td>
            <td>
              <Took from={one.startedAt} to={null} now={now} />
            </td>
            <td>{phases[one.phase]}</td>
            <td class="number">
              {count(one.jobs)}
              {one.lastJobs === null ? null : (
                <span class="quiet"> ({count(one.lastJobs)} the last time)</span>
              )}
            </td>
          </tr>
        ))}
      </Table>
      {underWay > items.length ? (
        <p class="quiet">and {count(underWay - items.length)} more, which began later</p>
      ) : null}
    </Section>
  );
}

type SystemRow = QueueAnswer['bySystem'][number];

/** When nothing of a system is left, or why nobody can tell. */
export function EmptyAt({ row, outlook, now }: { row: SystemRow; outlook: Outlook; now: Date }) {
  const own = outlook.estimate?.bySystem.find(({ system }) => system === row.system);
  if (!own) return <span class="quiet">not known now</span>;
  const { emptyAt, withoutWorker } = own;
  const left = withoutWorker > 0 ? `${plural(withoutWorker, 'build')} without a worker` : '';
  if (emptyAt) {
    return (
      <>
        <Time at={emptyAt} now={now} />
        {left === '' ? null : <span class="quiet">, but {left}</span>}
      </>
    );
  }
  if (withoutWorker === 0) return <span class="quiet">not known now</span>;
  return <>{withoutWorker === row.scheduled ? 'no worker builds for it now' : left}</>;
}

export function perHour({ finished }: Outlook, system: string): string {
  if (finished === null) return '–';
  return count(finished.bySystem.find((row) => row.system === system)?.perHour ?? 0);
}

export function HowEstimated() {
  return (
    <p class="quiet">
      The end is estimated by how long builds of the same names took before (where there were none:
      by the mean of all names), shared out over the slots of the workers that take builds now, and
      never before the longest path of builds that need each other. What comes later is not in it,
      nor what no worker can build. Systems that share workers end together.
    </p>
  );
}
