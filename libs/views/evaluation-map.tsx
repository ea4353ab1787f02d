/**
 * The map of all jobs of an evaluation: a shape for each. The page has the first of them, and a
 * table of counts; a script takes over with all of them and chooses as one writes.
 */
import type { JobDifference } from '#protocol/api/difference.js';
import type { EvaluationAnswer, JobStatus } from '#protocol/api/evaluation.js';
import { evaluationAddress } from './evaluation-address.js';
import { BeingRead, Choice } from './evaluation-jobs.js';
import { page } from './layout.js';
import { Empty, Section, Status, Table } from './parts.js';
import { drawings, jobOrder } from './statuses.js';
import { clipped, count, plural, systemWord, verdict } from './words.js';

export interface MapShown {
  readonly name?: string | undefined;
  readonly system?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly cursor?: string | undefined;
}

export interface SystemCounts {
  readonly system: string;
  readonly jobs: Readonly<Partial<Record<JobStatus, number>>>;
}

export interface MapModel {
  readonly evaluation: EvaluationAnswer;
  /** Null while they are being read. */
  readonly map: {
    readonly items: readonly JobDifference[];
    readonly found: number;
    readonly next: string | null;
    readonly systems: readonly SystemCounts[];
  } | null;
  readonly shown: MapShown;
}

export function mapPage(model: MapModel): string {
  const { evaluation, map } = model;
  const { id, specification } = evaluation;
  return page(
    {
      title: `Map of ${specification.name}, evaluation ${id}`,
      here: '/',
      json: `/api/v1/evaluations/${id}/map`,
      scripts: ['map'],
    },
    <>
      <p class="crumbs">
        <a href={`/specifications/${specification.name}`}>{specification.name}</a> /{' '}
        <a href={`/evaluations/${id}`}>evaluation {id}</a>
      </p>
      <h1>All jobs of evaluation {id}</h1>
      <p class="lead">{verdict(evaluation.jobs)}</p>
      {map === null ? (
        <BeingRead evaluation={evaluation} />
      ) : (
        <Whole evaluation={id} map={map} shown={model.shown} />
      )}
    </>,
  );
}

interface WholeProps {
  readonly evaluation: string;
  readonly map: NonNullable<MapModel['map']>;
  readonly shown: MapShown;
}

function Whole({ evaluation, map, shown }: WholeProps) {
  const { found, next, items } = map;
  return (
    <>
      <Choose evaluation={evaluation} systems={map.systems} shown={shown} />
      <p role="status">
        <span data-found>{plural(found, 'job')}</span>{' '}
        <a href={evaluationAddress(evaluation, { ...shown, kind: 'all', cursor: undefined })}>
          as a table
        </a>
      </p>
      <Legend />
      <div
        data-keep
        data-map={`/api/v1/evaluations/${evaluation}/map`}
        data-jobs={`/evaluations/${evaluation}/job`}
      >
        <First items={items} />
      </div>
      <nav class="pages" aria-label="Pages of the map">
        {shown.cursor ? (
          <a href={evaluationAddress(evaluation, { ...shown, cursor: undefined }, '/map')}>
            First page
          </a>
        ) : null}
        {next ? (
          <a
            rel="next"
            href={evaluationAddress(evaluation, { ...shown, cursor: next }, '/map')}
          >{`Next ${count(items.length)} of ${count(found)}`}</a>
        ) : null}
      </nav>
      <Section title="How many">
        <Counts evaluation={evaluation} systems={map.systems} />
      </Section>
    </>
  );
}

function Choose({
  evaluation,
  systems,
  shown,
}: Pick<WholeProps, 'evaluation' | 'shown'> & { systems: readonly SystemCounts[] }) {
  const names = systems.map(({ system }) => system).filter((system) => system !== '');
  return (
    <form class="narrow" method="get" action={`/evaluations/${evaluation}/map`} role="search">
      <label>
        Name <input type="search" name="name" value={shown.name ?? ''} maxlength={255} />
      </label>
      <Choice name="system" label="System" words={names} chosen={shown.system} />
      <Choice name="status" label="Status" words={jobOrder} chosen={shown.status} />
      <button>Filter</button>
    </form>
  );
}

/** What each shape means; a script reads from it how statuses are drawn. */
function Legend() {
  return (
    <ul class="legend" aria-label="Shapes">
      {jobOrder.map((status) => (
        <li
          data-status={status}
          data-tone={drawings[status].tone}
          data-shape={drawings[status].shape}
        >
          <Status status={status} />
        </li>
      ))}
    </ul>
  );
}

function First({ items }: { items: readonly JobDifference[] }) {
  if (items.length === 0) return <Empty>No job is like that.</Empty>;
  return (
    <ul class="map">
      {items.map((job) => {
        const { tone, shape } = drawings[job.status];
        const words = `${clipped(job.name)} for ${systemWord(job.system)}: ${job.status}`;
        const drawing = (
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <use href={`#${shape}`} />
          </svg>
        );
        return (
          <li>
            {job.build ? (
              <a
                class={`cell ${tone}`}
                href={`/builds/${job.build}`}
                title={words}
                aria-label={words}
              >
                {drawing}
              </a>
            ) : (
              <span class={`cell ${tone}`} title={words} role="img" aria-label={words}>
                {drawing}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Counts({ evaluation, systems }: { evaluation: string; systems: readonly SystemCounts[] }) {
  const statuses = jobOrder.filter((status) => systems.some(({ jobs }) => jobs[status]));
  return (
    <Table head={['System', ...statuses]} caption="Jobs by system and status">
      {systems.map(({ system, jobs }) => (
        <tr>
          <td>{systemWord(system)}</td>
          {statuses.map((status) => (
            <td class="number">
              {jobs[status] ? (
                <a href={evaluationAddress(evaluation, { kind: 'all', status, system })}>
                  {count(jobs[status])}
                </a>
              ) : (
                '0'
              )}
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}
