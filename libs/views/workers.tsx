/** The workers: what each can build, what it builds now, and how it is. */
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { page } from './layout.js';
import { Command, Empty, Status, Table, Time, Took } from './parts.js';
import { bytes, count, plural } from './words.js';

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
    { title: 'Workers', here: '/workers', json: '/api/v1/workers', live: ['workers'] },
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
            <strong>{worker.name}</strong>
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
            <Running worker={worker} now={now} />
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

/** The state, and what a person must know to change it. */
function Standing({ worker, now }: { worker: WorkerAnswer; now: Date }) {
  const { state, pauseNote, pauseUntil, refusal, minDisk } = worker;
  return (
    <>
      <Status status={state} note={pauseNote} />
      {pauseUntil ? (
        <div class="quiet">
          lifts <Time at={pauseUntil} now={now} />
        </div>
      ) : null}
      {state === 'refused' && refusal ? <div class="quiet">{refusal.message}</div> : null}
      {state === 'disk-guard' && minDisk !== null ? (
        <div class="quiet">takes builds when {bytes(minDisk)} of its disk are free</div>
      ) : null}
    </>
  );
}

function Running({ worker, now }: { worker: WorkerAnswer; now: Date }) {
  return (
    <>
      <div class="quiet">
        {worker.running.length} of {plural(worker.slots, 'slot')}
      </div>
      {worker.running.map(({ build }) => (
        <div>
          <Status status={build.status} /> <a href={`/builds/${build.id}`}>{build.name}</a>{' '}
          <Took from={build.startedAt} to={null} now={now} />
        </div>
      ))}
    </>
  );
}

function Machine({ worker }: { worker: WorkerAnswer }) {
  const facts = [
    worker.cores > 0 ? `${plural(worker.cores, 'core')} a build` : 'all cores',
    worker.speed === 1 ? null : `speed ${worker.speed}`,
    worker.load === null ? null : `load ${worker.load.toFixed(1)}`,
    worker.memoryFree === null ? null : `${bytes(worker.memoryFree)} of memory free`,
    worker.diskFree === null ? null : `${bytes(worker.diskFree)} of disk free`,
  ];
  return <span class="quiet">{facts.filter((fact) => fact !== null).join(', ')}</span>;
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
