/** One evaluation: the verdict first, what differs from another one, why jobs fail, its jobs. */
import { isOpenSource } from '#domain/evaluation/shown-sources.js';
import type { RootCausesAnswer } from '#protocol/api/difference.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { Range, revisionIn } from './commits.js';
import { evaluationAddress } from './evaluation-address.js';
import { Causes } from './evaluation-causes.js';
import { BeingRead, Jobs, type JobsModel } from './evaluation-jobs.js';
import { cancelWords, differenceVerdict, goesOn, withReading } from './evaluation-words.js';
import { page } from './layout.js';
import { LogView, type LogTail } from './log-view.js';
import { CountsBar, Expected, Fault, Section, Status, Table, Time, Took } from './parts.js';
import type { StatusWord } from './statuses.js';
import { count, hasJobs, isSettled, plural, verdict } from './words.js';

/** What is compared; it takes a moment when nobody has looked at the evaluation for a while. */
export interface ComparedModel {
  readonly jobs: Omit<JobsModel, 'now' | 'evaluation'>;
  readonly causes: RootCausesAnswer;
}

export interface EvaluationModel {
  readonly evaluation: EvaluationAnswer;
  /** `reading`: it will be there in a second. */
  readonly compared: ComparedModel | 'reading' | null;
  /** What the evaluation that it is compared with was made of; empty where there is none. */
  readonly before: EvaluationAnswer['checkouts'];
  readonly log: LogTail;
  readonly now: Date;
}

export function evaluationPage(model: EvaluationModel): string {
  const { evaluation, compared } = model;
  const { id, specification } = evaluation;
  const first = compared === null || compared === 'reading' || !compared.jobs.shown.cursor;
  return page(
    {
      title: `${specification.name}, evaluation ${id}`,
      state: stateOf(model),
      here: '/',
      manage: `/admin/evaluations/${id}`,
      json: `/api/v1/evaluations/${id}`,
      live: goesOn(evaluation) && first ? [`evaluation/${id}`] : [],
      scripts: ['log-tail'],
    },
    <>
      <p class="crumbs">
        <a href={`/specifications/${specification.name}`}>{specification.name}</a>
      </p>
      <h1>Evaluation {id}</h1>
      <Lead {...model} />
      <CountsBar jobs={evaluation.jobs} />
      <Reading {...model} />
      <Compared {...model} />
      <Section title="Checkouts">
        <Checkouts evaluation={evaluation} before={model.before} />
      </Section>
      <Section title="Log of the evaluator">
        <LogView tail={model.log} page={`/evaluations/${id}/log`} />
      </Section>
    </>,
  );
}

/** In a word: what newly fails comes before what goes on, and that before what fails as before. */
function stateOf({ evaluation, compared }: EvaluationModel): StatusWord {
  const { status, jobs, canceledAt } = evaluation;
  if (status !== 'succeeded') return status;
  if (canceledAt !== null && (jobs.canceled ?? 0) > 0) return 'canceled';
  const counts =
    compared === null || compared === 'reading' ? null : compared.jobs.difference.counts;
  if (counts && counts['newly-failing'] > 0) return 'failed';
  if (!isSettled(jobs)) return 'started';
  const failing = (jobs.failed ?? 0) + (jobs['failed-dependency'] ?? 0) + (jobs.error ?? 0);
  return failing > 0 ? 'failed' : 'succeeded';
}

/** The verdict against the other evaluation, then that of the jobs by themselves. */
function Lead({ evaluation, compared, now }: EvaluationModel) {
  const { prunedAt, jobs, jobCount, estimate } = evaluation;
  if (prunedAt !== null) {
    return (
      <p class="lead">
        Its {plural(jobCount, 'job')} went <Time at={prunedAt} now={now} />, when its time was over.
      </p>
    );
  }
  const line = hasJobs(jobs) ? verdict(jobs) : '';
  if (compared === null || compared === 'reading') {
    return <p class="lead">{withReading(evaluation, line)}</p>;
  }
  const { difference } = compared.jobs;
  const told = hasJobs(jobs) ? differenceVerdict(difference, estimate, now) : '';
  return (
    <>
      <p class="lead verdict">{withReading(evaluation, told)}</p>
      {line === '' ? null : <p>{line}</p>}
    </>
  );
}

function Reading({ evaluation, now }: EvaluationModel) {
  const { startedAt, endedAt, trigger } = evaluation;
  const again = evaluation.try > 1 ? ` (try ${evaluation.try})` : '';
  return (
    <>
      <p>
        <Status status={evaluation.status} note={evaluation.reason} /> started by {trigger}
        {again} <Time at={startedAt} now={now} />, {endedAt === null ? 'for' : 'took'}{' '}
        <Took from={startedAt} to={endedAt} now={now} />;{' '}
        {plural(evaluation.derivationCount, 'derivation')}, {count(evaluation.newBuildCount)} of
        them new
      </p>
      <Canceled evaluation={evaluation} now={now} />
      {evaluation.message ? <Fault text={evaluation.message} /> : null}
      <Expected estimate={evaluation.estimate} now={now} />
    </>
  );
}

function Canceled({ evaluation, now }: Pick<EvaluationModel, 'evaluation' | 'now'>) {
  const { canceledAt, cancelReason, specification } = evaluation;
  if (canceledAt === null) return null;
  return (
    <p>
      {cancelWords[cancelReason ?? '']?.sentence ?? cancelWords['canceled']!.sentence}{' '}
      <Time at={canceledAt} now={now} />: nothing more is built for its sake.{' '}
      <a href={`/specifications/${specification.name}`}>Its specification</a> has the newer ones.
    </p>
  );
}

function Compared({ evaluation, compared, now }: EvaluationModel) {
  if (compared === null) return null;
  if (compared === 'reading') return <BeingRead evaluation={evaluation} />;
  const { jobs, causes } = compared;
  const fails = causes.items.length > 0 || causes.errors > 0;
  return (
    <>
      {fails ? (
        <Section title="Why jobs fail">
          <Causes evaluation={evaluation.id} causes={causes} shown={jobs.shown} />
        </Section>
      ) : null}
      <Section title="Jobs">
        <p>
          <a href={evaluationAddress(evaluation.id, { compare: jobs.shown.compare }, '/map')}>
            Map of all jobs
          </a>
        </p>
        <Jobs {...jobs} evaluation={evaluation.id} now={now} />
      </Section>
    </>
  );
}

/** With what came since the other evaluation, of channels at the same address. */
function Checkouts({ evaluation, before }: Pick<EvaluationModel, 'evaluation' | 'before'>) {
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
              <Range
                from={revisionIn(before, checkout)}
                to={checkout.revision}
                url={checkout.url}
              />{' '}
              <KeptBundle id={id} checkout={checkout} />
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
