/** One worker: what it is, what it builds, and how its last attempts went. */
import type { WorkerAnswer, WorkerAttempt } from '#protocol/api/worker.js';
import { page } from './layout.js';
import { Empty, Section, Status, Table, Time, Took } from './parts.js';
import { plural } from './words.js';
import { Machine, Progress, Standing } from './worker-parts.js';

export interface WorkerModel {
  readonly worker: WorkerAnswer;
  /** The newest first. */
  readonly attempts: readonly WorkerAttempt[];
  readonly now: Date;
}

export function workerPage({ worker, attempts, now }: WorkerModel): string {
  return page(
    {
      title: `Worker ${worker.name}`,
      here: '/workers',
      manage: '/admin/workers',
      json: `/api/v1/workers/${worker.id}`,
      live: ['workers'],
    },
    <>
      <p class="crumbs">
        <a href="/workers">Workers</a> / {worker.name}
      </p>
      <h1>{worker.name}</h1>
      <p class="lead">
        <Standing worker={worker} now={now} /> {worker.running.length} of{' '}
        {plural(worker.slots, 'slot')} building
      </p>
      <Section title="Building now">
        <Slots worker={worker} now={now} />
      </Section>
      <Section title={`Last ${plural(attempts.length, 'attempt')}`}>
        <Attempts attempts={attempts} now={now} />
      </Section>
      <Section title="Details">
        <Details worker={worker} now={now} />
      </Section>
    </>,
  );
}

function Slots({ worker, now }: { worker: WorkerAnswer; now: Date }) {
  if (worker.running.length === 0) return <Empty>Nothing.</Empty>;
  return (
    <Table head={['Slot', 'Status', 'Build', 'System', 'Progress']}>
      {worker.running.map((running) => (
        <tr>
          <td class="number">{running.slot}</td>
          <td>
            <Status status={running.build.status} />
          </td>
          <td>
            <a href={`/builds/${running.build.id}`}>{running.build.name}</a>
          </td>
          <td class="quiet">{running.build.system}</td>
          <td>
            <Progress running={running} now={now} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** A machine that breaks builds shows by how many of its attempts the farm lost. */
function Attempts({ attempts, now }: { attempts: readonly WorkerAttempt[]; now: Date }) {
  if (attempts.length === 0) return <Empty>It has tried nothing yet.</Empty>;
  const ended = attempts.filter(({ endedAt }) => endedAt !== null);
  const of = (word: WorkerAttempt['status']): number =>
    ended.filter(({ status }) => status === word).length;
  const ofEnded = `Of ${plural(ended.length, 'attempt')} that ended`;
  return (
    <>
      <p>
        {ofEnded}, {of('succeeded')} succeeded, {of('failed')} failed, and {of('failed-other')} were
        lost by the farm.
      </p>
      <Table head={['Status', 'Build', 'System', 'Took', 'Ended']}>
        {attempts.map((attempt) => (
          <tr>
            <td>
              <Status status={attempt.status} note={attempt.reason} />
            </td>
            <td>
              <a href={`/builds/${attempt.build.id}`}>{attempt.build.name}</a>
            </td>
            <td class="quiet">{attempt.build.system}</td>
            <td>
              <Took from={attempt.startedAt} to={attempt.endedAt} now={now} />
            </td>
            <td>
              <Time at={attempt.endedAt} now={now} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Details({ worker, now }: { worker: WorkerAnswer; now: Date }) {
  return (
    <dl>
      <dt>Builds for</dt>
      <dd>{worker.systems.join(', ') || 'nothing yet'}</dd>
      <dt>Features</dt>
      <dd>{worker.features.join(', ') || 'none'}</dd>
      <dt>Machine</dt>
      <dd>
        <Machine worker={worker} />
      </dd>
      <dt>Agent</dt>
      <dd>
        {worker.version ? `version ${worker.version}` : 'never connected'}
        {worker.protocol === null ? null : `, protocol ${worker.protocol}`}
      </dd>
      <dt>Enrolled</dt>
      <dd>
        <Time at={worker.enrolledAt} now={now} />
      </dd>
      <dt>Connected</dt>
      <dd>
        <Time at={worker.connectedAt} now={now} />
      </dd>
      <dt>{worker.state === 'offline' ? 'Gone since' : 'Last seen'}</dt>
      <dd>
        <Time at={worker.lastSeenAt} now={now} />
      </dd>
    </dl>
  );
}
