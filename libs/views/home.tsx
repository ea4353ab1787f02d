/** The first page: every specification with its last verdict, and what the farm does now. */
import type { BuildSummary } from '#protocol/api/build.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import type { QueueAnswer, WorkerAnswer } from '#protocol/api/worker.js';
import { page } from './layout.js';
import {
  BuildRows,
  buildHead,
  Command,
  CountsBar,
  Empty,
  Section,
  Status,
  Table,
  Time,
} from './parts.js';
import { count, plural, verdict } from './words.js';

export interface HomeModel {
  readonly specifications: readonly SpecificationAnswer[];
  readonly running: readonly BuildSummary[];
  readonly ended: readonly BuildSummary[];
  readonly queue: QueueAnswer;
  readonly workers: readonly WorkerAnswer[];
  readonly address: string;
  readonly now: Date;
}

export function homePage(model: HomeModel): string {
  const { now } = model;
  return page(
    { title: 'Specifications', here: '/', json: '/api/v1/specifications', live: ['farm'] },
    <>
      <h1>Specifications</h1>
      <p class="lead">{nowLine(model)}</p>
      {model.specifications.length === 0 ? <FirstSteps address={model.address} /> : null}
      <div class="cards">
        {model.specifications.map((specification) => (
          <Card specification={specification} now={now} />
        ))}
      </div>
      {model.running.length > 0 ? (
        <Section title="Building now">
          <Table head={buildHead}>
            <BuildRows builds={model.running} now={now} />
          </Table>
        </Section>
      ) : null}
      {model.ended.length > 0 ? (
        <Section title="Ended last">
          <Table head={buildHead}>
            <BuildRows builds={model.ended} now={now} />
          </Table>
        </Section>
      ) : null}
    </>,
  );
}

function nowLine({ queue, workers }: HomeModel): string {
  const there = workers.filter((worker) => worker.state !== 'offline');
  const slots = there.reduce((sum, worker) => sum + worker.slots, 0);
  const building = queue.started + queue.submitted;
  const connected = `${count(there.length)} of ${plural(workers.length, 'worker')} connected`;
  const waiting = `${plural(queue.scheduled, 'build')} waiting`;
  return `${count(building)} of ${plural(slots, 'slot')} building, ${waiting}, ${connected}`;
}

function Card({ specification, now }: { specification: SpecificationAnswer; now: Date }) {
  const { name, lastEvaluation: last } = specification;
  const faults = specification.channels.filter((channel) => channel.error !== null);
  return (
    <article>
      <h2>
        <a href={`/specifications/${name}`}>{name}</a>
        {specification.specification.active ? null : <span class="tag">inactive</span>}
        <span class="tag">{specification.specification.backend}</span>
      </h2>
      {last ? (
        <>
          <CountsBar jobs={last.jobs} />
          <p>
            <a href={`/evaluations/${last.id}`}>Evaluation {last.id}</a>{' '}
            <Status status={last.status} note={last.reason} />{' '}
            <Time at={last.startedAt} now={now} />
          </p>
          <p>{verdict(last.jobs)}</p>
        </>
      ) : (
        <p class="quiet">Not evaluated yet.</p>
      )}
      {faults.map((channel) => (
        <p class="fault">
          Channel {channel.name}: {channel.error?.code}
        </p>
      ))}
    </article>
  );
}

function FirstSteps({ address }: { address: string }) {
  const body = JSON.stringify({
    name: 'hello',
    backend: 'nix',
    channels: [{ name: 'hello', url: 'https://example.org/hello.git', branch: 'main' }],
    selection: { file: 'default.nix' },
  });
  const command = [
    `curl -X POST ${address}/api/v1/specifications`,
    '-H "Authorization: Bearer $ADMIN_TOKEN"',
    "-H 'Content-Type: application/json'",
    `-d '${body}'`,
  ];
  return (
    <>
      <Empty>Nothing is watched yet. A specification says what to build:</Empty>
      <Command text={command.join(' \\\n  ')} />
    </>
  );
}
