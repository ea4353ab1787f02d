/** What waits, where, for what, and until when. */
import type { QueueAnswer } from '#protocol/api/queue.js';
import { page } from './layout.js';
import { Empty, Section, Table, Time } from './parts.js';
import { Coming, EmptyAt, HowEstimated, OutlookLine, perHour } from './queue-outlook.js';
import { count, plural } from './words.js';

export interface QueueModel {
  readonly queue: QueueAnswer;
  readonly now: Date;
}

/** The kinds of the planner's wait reasons, as people read them. */
const sentences: Readonly<Record<string, string>> = {
  'inputs-unfinished': 'Their inputs are not finished',
  'input-failed': 'An input has failed, and the failure is about to be told on',
  'input-canceled': 'An input was canceled',
  substituting: 'An upstream has what they yield: that is fetched',
  'backing-off': 'The farm failed them before and waits a little',
  released: 'The next free slot takes them',
  'no-worker-for-system': 'No worker builds for their system',
  'no-worker-for-features': 'No worker has the features they need',
  'workers-offline': 'Every worker that could build them is offline',
  'disk-guard': 'Every worker that could build them is short of disk, paused or drains',
  'workers-paused': 'Every worker that could build them is paused or drains',
  limit: 'Their specification runs as many builds as it may',
  'all-busy': 'Every worker that could build them is busy',
};

export function queuePage({ queue, now }: QueueModel): string {
  return page(
    { title: 'Queue', here: '/queue', json: '/api/v1/queue', live: ['queue'] },
    <>
      <h1>Queue</h1>
      <p class="lead">
        {plural(queue.scheduled, 'build')} waiting, {count(queue.submitted + queue.started)} with
        workers
      </p>
      {queue.outlook ? <OutlookLine outlook={queue.outlook} now={now} /> : null}
      {queue.bySystem.length === 0 ? <Empty>Nothing waits and nothing builds.</Empty> : null}
      {queue.outlook ? <Coming outlook={queue.outlook} now={now} /> : null}
      {queue.byReason.length > 0 ? (
        <Section title="Why builds wait">
          <Table head={['Builds', 'Reason']}>
            {queue.byReason
              .toSorted((a, b) => b.builds - a.builds)
              .map(({ reason, builds }) => (
                <tr>
                  <td class="number">{count(builds)}</td>
                  <td>{sentences[reason] ?? reason}</td>
                </tr>
              ))}
          </Table>
        </Section>
      ) : null}
      {queue.byPriority.length > 0 ? (
        <Section title="By system and priority">
          <Table head={['System', 'Priority', 'Waiting', 'Oldest waits since', 'Mostly because']}>
            {queue.byPriority.map((row) => (
              <tr>
                <td>{row.system}</td>
                <td class="number">{row.priority}</td>
                <td class="number">{count(row.scheduled)}</td>
                <td>
                  <Time at={row.oldestScheduledAt} now={now} />
                </td>
                <td>
                  <Because reasons={row.reasons} />
                </td>
              </tr>
            ))}
          </Table>
          <p class="quiet">Priority 0 is first, 9 last.</p>
        </Section>
      ) : null}
      {queue.bySystem.length > 0 ? <Systems queue={queue} now={now} /> : null}
    </>,
  );
}

function Systems({ queue: { bySystem, outlook }, now }: QueueModel) {
  const told = ['System', 'Waiting', 'Submitted', 'Started', 'Oldest waits since'];
  const head = outlook ? [...told, 'Finished an hour', 'Empty'] : told;
  return (
    <Section title="By system">
      <Table head={head}>
        {bySystem.map((row) => (
          <tr>
            <td>{row.system}</td>
            <td class="number">
              <Such status="waiting" system={row.system} builds={row.scheduled} />
            </td>
            <td class="number">
              <Such status="submitted" system={row.system} builds={row.submitted} />
            </td>
            <td class="number">
              <Such status="started" system={row.system} builds={row.started} />
            </td>
            <td>
              <Time at={row.oldestScheduledAt} now={now} />
            </td>
            {outlook ? (
              <>
                <td class="number">{perHour(outlook, row.system)}</td>
                <td>
                  <EmptyAt row={row} outlook={outlook} now={now} />
                </td>
              </>
            ) : null}
          </tr>
        ))}
      </Table>
      {outlook ? <HowEstimated /> : null}
    </Section>
  );
}

interface SuchProps {
  readonly status: string;
  readonly system: string;
  readonly builds: number;
}

/** How many, leading to which. */
function Such({ status, system, builds }: SuchProps) {
  if (builds === 0) return <>0</>;
  const query = encodeURIComponent(`status:${status} system:${system}`);
  return (
    <a href={`/search?query=${query}`} aria-label={`${plural(builds, 'build')} ${status}`}>
      {count(builds)}
    </a>
  );
}

const reasonsToldAtMost = 3;

/** The reasons of most builds, each with how many. */
function Because({ reasons }: Pick<QueueAnswer['byPriority'][number], 'reasons'>) {
  return (
    <ul class="plain">
      {reasons.slice(0, reasonsToldAtMost).map(({ reason, builds }) => (
        <li>
          {sentences[reason] ?? reason} <span class="quiet">({count(builds)})</span>
        </li>
      ))}
    </ul>
  );
}
