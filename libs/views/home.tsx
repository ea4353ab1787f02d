/** The first page: what the farm does now, what wants a look, and every specification in a line. */
import type { BuildSummary } from '#protocol/api/build.js';
import type { Availability } from '#protocol/api/overview.js';
import type { QueueCount } from '#protocol/api/queue.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { farmAlerts, type FarmAlert } from './farm-alerts.js';
import { Specifications, type SpecificationLine } from './home-specifications.js';
import { page } from './layout.js';
import { BuildRows, buildHead, Command, Empty, Section, Table, Time } from './parts.js';
import { count, percent, plural, systemWord } from './words.js';

export type { SpecificationLine };

export interface HomeModel {
  readonly lines: readonly SpecificationLine[];
  /** A part of the names to show; empty for all. */
  readonly name: string;
  readonly running: readonly BuildSummary[];
  readonly ended: readonly BuildSummary[];
  readonly queue: QueueCount;
  readonly workers: readonly WorkerAnswer[];
  readonly address: string;
  readonly now: Date;
}

const alertsAtMost = 12;

export function homePage(model: HomeModel): string {
  const { now, lines, name } = model;
  const alerts = farmAlerts({
    ...{ queue: model.queue, workers: model.workers },
    specifications: lines.map(({ specification }) => specification),
  });
  return page(
    { title: 'Specifications', here: '/', json: '/api/v1/specifications', live: ['farm'] },
    <>
      <h1>Specifications</h1>
      <p class="lead">{nowLine(model)}</p>
      <Alerts alerts={alerts} now={now} />
      {lines.length === 0 ? (
        <FirstSteps address={model.address} />
      ) : (
        <Specifications lines={lines} name={name} now={now} />
      )}
      <Systems lines={lines} />
      <Builds title="Building now" builds={model.running} now={now} />
      <Builds title="Ended last" builds={model.ended} now={now} />
    </>,
  );
}

function nowLine({ queue, workers }: HomeModel): string {
  const there = workers.filter(({ state }) => state !== 'offline' && state !== 'refused');
  const slots = there.reduce((sum, worker) => sum + worker.slots, 0);
  const building = queue.started + queue.submitted;
  const connected = `${count(there.length)} of ${plural(workers.length, 'worker')} connected`;
  const waiting = `${plural(queue.scheduled, 'build')} waiting`;
  // What workers that are gone had begun is theirs until their leases end.
  const of = building > slots ? '' : ` of ${plural(slots, 'slot')}`;
  return `${count(building)}${of} building, ${waiting}, ${connected}`;
}

function Alerts({ alerts, now }: { alerts: readonly FarmAlert[]; now: Date }) {
  if (alerts.length === 0) return null;
  const rest = alerts.length - alertsAtMost;
  return (
    <section aria-labelledby="alerts">
      <h2 id="alerts">Wants a look</h2>
      <ul class="alerts">
        {alerts.slice(0, alertsAtMost).map(({ sentence, address, since, tone }) => (
          <li class={tone}>
            <svg width="16" height="16" aria-hidden="true">
              <use href={tone === 'farm' ? '#alert' : '#cross'} />
            </svg>
            <span>
              <a href={address}>{sentence}</a>{' '}
              {since === null ? null : (
                <span class="quiet">
                  <Time at={since} now={now} />
                </span>
              )}
            </span>
          </li>
        ))}
        {rest > 0 ? <li class="quiet">and {count(rest)} more</li> : null}
      </ul>
    </section>
  );
}

/** Of the last evaluations of all specifications together, requests left out. */
function Systems({ lines }: { lines: readonly SpecificationLine[] }) {
  const sums = new Map<string, Availability>();
  for (const { specification, systems } of lines) {
    if (specification.specification.trust === 'untrusted') continue;
    for (const { system, jobs, succeeded } of systems) {
      const sum = sums.get(system) ?? { system, jobs: 0, succeeded: 0 };
      const both = { jobs: sum.jobs + jobs, succeeded: sum.succeeded + succeeded };
      sums.set(system, { system, ...both });
    }
  }
  if (sums.size === 0) return null;
  const all = [...sums.values()].sort((a, b) => (a.system < b.system ? -1 : 1));
  return (
    <Section title="Availability">
      <Table caption="Availability by system" head={['System', 'Available', 'Jobs', 'Succeeded']}>
        {all.map(({ system, jobs, succeeded }) => (
          <tr>
            <td>{systemWord(system)}</td>
            <td class="number">{percent(succeeded, jobs)}</td>
            <td class="number">{count(jobs)}</td>
            <td class="number">{count(succeeded)}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

interface BuildsProps {
  readonly title: string;
  readonly builds: readonly BuildSummary[];
  readonly now: Date;
}

function Builds({ title, builds, now }: BuildsProps) {
  if (builds.length === 0) return null;
  return (
    <Section title={title}>
      <Table caption={title} head={buildHead}>
        <BuildRows builds={builds} now={now} />
      </Table>
    </Section>
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
