/** The workers: what each can build, what it builds now, and how it is. */
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { page } from './layout.js';
import { Command, Empty, Table, Time } from './parts.js';
import { count, plural } from './words.js';
import { Machine, RunningBuilds, Standing } from './worker-parts.js';

/** Its own page has the others. */
const shownOfWorker = 4;

export interface WorkersModel {
  readonly workers: readonly WorkerAnswer[];
  readonly address: string;
  readonly now: Date;
}

export function workersPage({ workers, address, now }: WorkersModel): string {
  const busy = workers.reduce((sum, worker) => sum + worker.running.length, 0);
  const slots = workers
    .filter((worker) => worker.state !== 'offline')
    .reduce((sum, worker) => sum + worker.slots, 0);
  return page(
    {
      ...{ title: 'Workers', here: '/workers', json: '/api/v1/workers', live: ['workers'] },
      manage: '/admin/workers',
    },
    <>
      <h1>Workers</h1>
      <p class="lead">
        {plural(workers.length, 'worker')}, {count(busy)} of {plural(slots, 'slot')} building
      </p>
      {workers.length === 0 ? <Enrol address={address} /> : <List workers={workers} now={now} />}
    </>,
  );
}

function List({ workers, now }: { workers: readonly WorkerAnswer[]; now: Date }) {
  return (
    <Table head={['Worker', 'State', 'Builds for', 'Building now', 'Machine', 'Seen']}>
      {workers.map((worker) => (
        <tr id={`worker-${worker.id}`}>
          <td>
            <a href={`/workers/${worker.name}`}>{worker.name}</a>
            <div class="quiet">
              {worker.version ? `agent ${worker.version}` : 'never connected'}
            </div>
          </td>
          <td>
            <Standing worker={worker} now={now} />
          </td>
          <td>
            {worker.systems.join(', ') || '–'}
            {worker.features.length > 0 ? (
              <div class="quiet">{worker.features.join(', ')}</div>
            ) : null}
          </td>
          <td>
            <RunningBuilds worker={worker} now={now} atMost={shownOfWorker} />
          </td>
          <td>
            <Machine worker={worker} />
          </td>
          <td>
            <Time at={worker.lastSeenAt} now={now} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Enrol({ address }: { address: string }) {
  const ask = `curl -X POST ${address}/api/v1/workers/tokens`;
  return (
    <>
      <Empty>
        No worker yet. Ask for a one-time token, then enrol the machine that is to build:
      </Empty>
      <Command text={`${ask} \\\n  -H "Authorization: Bearer $ADMIN_TOKEN"`} />
    </>
  );
}
