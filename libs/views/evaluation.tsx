/** One evaluation: the verdict first, then its jobs, one page of them at a time. */
import { isOpenSource } from '#domain/evaluation/shown-sources.js';
import type {
  EvaluationAnswer,
  JobAnswer,
  JobsQuery,
  JobStatus,
} from '#protocol/api/evaluation.js';
import type { Page } from '#protocol/api/page.js';
import { page } from './layout.js';
import { LogView, type LogTail } from './log-view.js';
import {
  CountsBar,
  Empty,
  Expected,
  Revision,
  Section,
  Status,
  Table,
  Time,
  Took,
} from './parts.js';
import { jobOrder } from './statuses.js';
import { count, isSettled, plural, verdict } from './words.js';

export interface EvaluationModel {
  readonly evaluation: EvaluationAnswer;
  readonly jobs: Page<JobAnswer>;
  readonly query: JobsQuery;
  readonly log: LogTail;
  readonly now: Date;
}

export function evaluationPage(model: EvaluationModel): string {
  const { evaluation, now } = model;
  const { id, specification } = evaluation;
  const started = evaluation.status === 'started';
  const live = (started || !isSettled(evaluation.jobs)) && model.query.cursor === undefined;
  return page(
    {
      title: `${specification.name}, evaluation ${id}`,
      here: '/',
      json: `/api/v1/evaluations/${id}`,
      live: live ? [`evaluation/${id}`] : [],
      scripts: ['log-tail'],
    },
    <>
      <p class="crumbs">
        <a href={`/specifications/${specification.name}`}>{specification.name}</a>
      </p>
      <h1>Evaluation {id}</h1>
      <p class="lead">
        {started ? 'Being evaluated. ' : ''}
        {evaluation.prunedAt === null ? (
          verdict(evaluation.jobs)
        ) : (
          <>
            Its {plural(evaluation.jobCount, 'job')} went{' '}
            <Time at={evaluation.prunedAt} now={now} />, when its time was over.
          </>
        )}
      </p>
      <CountsBar jobs={evaluation.jobs} />
      <p>
        <Status status={evaluation.status} note={evaluation.reason} /> started by{' '}
        {evaluation.trigger}
        {evaluation.try > 1 ? ` (try ${evaluation.try})` : ''}{' '}
        <Time at={evaluation.startedAt} now={now} />, took{' '}
        <Took from={evaluation.startedAt} to={evaluation.endedAt} now={now} />;{' '}
        {plural(evaluation.derivationCount, 'derivation')}, {count(evaluation.newBuildCount)} of
        them new
      </p>
      {evaluation.message ? <pre class="fault">{evaluation.message}</pre> : null}
      <Expected estimate={evaluation.estimate} now={now} />
      <Section title="Jobs">
        <Filters evaluation={evaluation} query={model.query} />
        <Jobs {...model} />
      </Section>
      <Section title="Checkouts">
        <Checkouts evaluation={evaluation} />
      </Section>
      <Section title="Log of the evaluator">
        <LogView tail={model.log} raw={`/api/v1/evaluations/${id}/log`} />
      </Section>
    </>,
  );
}

function Filters({ evaluation, query }: Pick<EvaluationModel, 'evaluation' | 'query'>) {
  const { id, jobs } = evaluation;
  const total = Object.values(jobs).reduce((sum, n) => sum + n, 0);
  const words = jobOrder.filter((status) => (jobs[status] ?? 0) > 0);
  const here = query.status;
  return (
    <div class="filters">
      <nav aria-label="Jobs by status">
        <a
          href={addressOf(id, { ...query, status: undefined, cursor: undefined })}
          aria-current={current(here === undefined)}
        >
          all {count(total)}
        </a>
        {words.map((status) => (
          <a
            href={addressOf(id, { ...query, status, cursor: undefined })}
            aria-current={current(here === status)}
          >
            <Status status={status} /> {count(jobs[status] ?? 0)}
          </a>
        ))}
      </nav>
      <form method="get" action={`/evaluations/${id}`} role="search">
        {here ? <input type="hidden" name="status" value={here} /> : null}
        <label>
          Name <input type="search" name="name" value={query.name ?? ''} maxlength={255} />
        </label>
        <button>Filter</button>
      </form>
    </div>
  );
}

function Jobs({ evaluation, jobs, query, now }: EvaluationModel) {
  if (jobs.items.length === 0) return <Empty>{noJobs(evaluation, query)}</Empty>;
  return (
    <>
      <Table head={['Status', 'Job', 'System', 'Ended']}>
        {jobs.items.map((job) => (
          <JobRow job={job} now={now} />
        ))}
      </Table>
      <nav class="pages" aria-label="Pages of jobs">
        {query.cursor ? (
          <a href={addressOf(evaluation.id, { ...query, cursor: undefined })}>First page</a>
        ) : null}
        {jobs.next ? (
          <a rel="next" href={addressOf(evaluation.id, { ...query, cursor: jobs.next })}>
            Next {query.limit}
          </a>
        ) : null}
      </nav>
    </>
  );
}

function noJobs(evaluation: EvaluationAnswer, query: JobsQuery): string {
  if (query.status ?? query.name ?? query.system) return 'No job is like that.';
  return evaluation.status === 'started' ? 'None told yet.' : 'It has no jobs.';
}

function JobRow({ job, now }: { job: JobAnswer; now: Date }) {
  return (
    <tr>
      <td>
        <Status status={job.status} note={job.reason} />
      </td>
      <td>
        {job.build ? <a href={`/builds/${job.build}`}>{job.name}</a> : job.name}
        {job.description ? <div class="quiet">{job.description}</div> : null}
        {job.error ? <pre class="fault">{job.error}</pre> : null}
      </td>
      <td class="quiet">{job.system}</td>
      <td>
        <Time at={job.endedAt} now={now} />
      </td>
    </tr>
  );
}

function Checkouts({ evaluation }: { evaluation: EvaluationAnswer }) {
  const { id, checkouts } = evaluation;
  return (
    <>
      <Table head={['Channel', 'Branch', 'Revision', 'Address']}>
        {checkouts.map((checkout) => (
          <tr>
            <td>
              {checkout.channel}
              {checkout.via === null ? null : <span class="quiet"> by {checkout.via}</span>}
            </td>
            <td>{checkout.branch}</td>
            <td>
              <Revision revision={checkout.revision} /> <KeptBundle id={id} checkout={checkout} />
            </td>
            <td class="quiet break">{checkout.url}</td>
          </tr>
        ))}
      </Table>
      {checkouts.some(({ channel }) => channel === 'guix') ? (
        <p>
          <a href={`/eval/${id}/channels.scm`}>channels.scm</a> for guix time-machine
        </p>
      ) : null}
    </>
  );
}

/** What git clones from when the branch is gone. Of a private channel the admin alone gets it. */
function KeptBundle({
  id,
  checkout,
}: {
  id: string;
  checkout: EvaluationAnswer['checkouts'][number];
}) {
  if (!isOpenSource(checkout)) return null;
  return <a href={`/eval/${id}/channels/${checkout.channel}.bundle`}>bundle</a>;
}

function current(is: boolean): 'true' | undefined {
  return is ? 'true' : undefined;
}

interface Shown {
  readonly status?: JobStatus | undefined;
  readonly name?: string | undefined;
  readonly system?: string | undefined;
  readonly cursor?: string | undefined;
}

function addressOf(evaluation: string, shown: Shown): string {
  const parts = (['status', 'name', 'system', 'cursor'] as const).flatMap((key) =>
    shown[key] ? [`${key}=${encodeURIComponent(shown[key])}`] : [],
  );
  return `/evaluations/${evaluation}${parts.length > 0 ? `?${parts.join('&')}` : ''}`;
}
