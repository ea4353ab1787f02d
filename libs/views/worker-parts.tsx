/** What is told of a worker both in the list and on its own page. */
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { Coming, Status, Took } from './parts.js';
import { bytes, count, duration, plural, secondsBetween } from './words.js';

/** The state, and what a person must know to change it. */
export function Standing({ worker, now }: { worker: WorkerAnswer; now: Date }) {
  const { state, pauseNote, pauseUntil, refusal, minDisk } = worker;
  return (
    <>
      <Status status={state} note={pauseNote} />
      {pauseUntil ? (
        <div class="quiet">
          lifts <Coming at={pauseUntil} now={now} />
        </div>
      ) : null}
      {state === 'refused' && refusal ? <div class="quiet">{refusal.message}</div> : null}
      {state === 'disk-guard' && minDisk !== null ? (
        <div class="quiet">takes builds when {bytes(minDisk)} of its disk are free</div>
      ) : null}
    </>
  );
}

interface RunningProps {
  readonly worker: WorkerAnswer;
  readonly now: Date;
  readonly atMost: number;
}

/** How many of its slots build, and what, as far as it is shown. */
export function RunningBuilds({ worker, now, atMost }: RunningProps) {
  const { running, slots } = worker;
  const more = running.length - atMost;
  return (
    <>
      <div class="quiet">
        {running.length} of {plural(slots, 'slot')}
      </div>
      {running.slice(0, atMost).map((one) => (
        <div>
          <Status status={one.build.status} />{' '}
          <a href={`/builds/${one.build.id}`}>{one.build.name}</a>{' '}
          <Progress running={one} now={now} />
        </div>
      ))}
      {more > 0 ? (
        <div>
          <a href={`/workers/${worker.name}`}>and {count(more)} more</a>
        </div>
      ) : null}
    </>
  );
}

type RunningBuild = WorkerAnswer['running'][number];

/** How far it is, by how long such builds took before; it may take longer than they did. */
export function Progress({ running, now }: { running: RunningBuild; now: Date }) {
  const { build, expectedSeconds } = running;
  if (build.startedAt === null || expectedSeconds === null || expectedSeconds <= 0) {
    return <Took from={build.startedAt} to={null} now={now} />;
  }
  const share = secondsBetween(build.startedAt, now) / expectedSeconds;
  const told = share > 1 ? 'longer than usual' : `${Math.round(100 * share)} %`;
  return (
    <>
      <Took from={build.startedAt} to={null} now={now} />
      <span class="quiet"> of about {duration(expectedSeconds)}</span>{' '}
      <meter value={Math.min(share, 1).toFixed(2)} aria-label={`Progress of ${build.name}`}>
        {told}
      </meter>{' '}
      <span class="quiet number">{told}</span>
    </>
  );
}

export function Machine({ worker }: { worker: WorkerAnswer }) {
  const facts = [
    worker.cores > 0 ? `${plural(worker.cores, 'core')} a build` : 'all cores',
    worker.speed === 1 ? null : `speed ${worker.speed}`,
    worker.load === null ? null : `load ${worker.load.toFixed(1)}`,
    worker.memoryFree === null ? null : `${bytes(worker.memoryFree)} of memory free`,
    worker.diskFree === null ? null : `${bytes(worker.diskFree)} of disk free`,
  ];
  return <span class="quiet">{facts.filter((fact) => fact !== null).join(', ')}</span>;
}
