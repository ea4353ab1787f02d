/** Evaluations to those who may cancel them, restart their builds or have them read again. */
import { may } from '#domain/access/actor.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { IntentAnswer } from '#protocol/api/wish.js';
import { CountsBar, Empty, Status, Table, Time } from '../parts.js';
import { count, verdict } from '../words.js';
import { deskPage, Do, NotYours, Post, type Visit } from './desk.js';
import { Choice, filled, type Option } from './fields.js';

const here = '/admin/evaluations' as const;

export interface EvaluationsModel {
  readonly visit: Visit;
  readonly specification: string | null;
  readonly evaluations: readonly EvaluationAnswer[];
  readonly next: string | null;
}

export function adminEvaluationsPage(model: EvaluationsModel): string {
  const { visit, specification, evaluations, next } = model;
  const of = specification === null ? '' : `specification=${specification}&`;
  return deskPage(
    { title: 'Evaluations', here, visit },
    <>
      {specification === null ? null : (
        <p class="lead">
          Of {specification} alone; <a href={here}>of all specifications</a>
        </p>
      )}
      {evaluations.length === 0 ? <Empty>There is none.</Empty> : <List model={model} />}
      {next === null ? null : (
        <p>
          <a href={`${here}?${of}cursor=${next}`}>Older ones</a>
        </p>
      )}
    </>,
  );
}

function List({ model: { visit, evaluations } }: { model: EvaluationsModel }) {
  return (
    <Table head={['Evaluation', 'Specification', 'Status', 'Verdict', 'Began', 'Actions']}>
      {evaluations.map((one) => (
        <tr>
          <td>
            <a href={`${here}/${one.id}`}>{one.id}</a>
          </td>
          <td>
            <a href={`${here}?specification=${one.specification.name}`}>{one.specification.name}</a>
          </td>
          <td>
            <Status status={one.status} note={one.cancelReason ?? one.reason} />
          </td>
          <td>
            {verdict(one.jobs)}
            <CountsBar jobs={one.jobs} />
          </td>
          <td>
            <Time at={one.startedAt} now={visit.now} />
          </td>
          <td>
            <Wishes one={one} visit={visit} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Whether anything is still wished for its sake. */
function isLive({ canceledAt, status }: EvaluationAnswer): boolean {
  return canceledAt === null && (status === 'started' || status === 'succeeded');
}

function Wishes({ one, visit }: { one: EvaluationAnswer; visit: Visit }) {
  const { name } = one.specification;
  const of = `evaluation ${one.id}`;
  return (
    <div class="actions">
      {isLive(one) && may(visit.actor, 'evaluation.cancel', name) ? (
        <a href={`${here}/${one.id}/cancel`}>
          Cancel<span class="unseen"> {of}</span>
        </a>
      ) : null}
      {one.status !== 'started' && may(visit.actor, 'evaluation.trigger', name) ? (
        <Do visit={visit} to={`${here}/${one.id}/retry`} word="Read again" of={of} />
      ) : null}
    </div>
  );
}

export interface EvaluationModel {
  readonly visit: Visit;
  readonly evaluation: EvaluationAnswer;
}

const kinds: readonly Option[] = [
  ['all', 'all that failed or was canceled'],
  ['failed', 'what failed by its own recipe'],
  ['infrastructure', 'what the farm failed'],
  ['canceled', 'what was canceled'],
];

export function adminEvaluationPage({ visit, evaluation }: EvaluationModel): string {
  const { id, specification, status, jobs } = evaluation;
  return deskPage(
    { title: `Evaluation ${id} of ${specification.name}`, here, visit },
    <>
      <p class="lead">
        <Status status={status} note={evaluation.cancelReason ?? evaluation.reason} /> ·{' '}
        {verdict(jobs)}
      </p>
      <p>
        <a href={`/evaluations/${id}`}>Its page</a>
      </p>
      <Restart evaluation={evaluation} visit={visit} />
      <Wishes one={evaluation} visit={visit} />
    </>,
  );
}

function Restart({ visit, evaluation }: EvaluationModel) {
  const { id, specification, jobs, prunedAt, status } = evaluation;
  if (!may(visit.actor, 'evaluation.restart', specification.name)) {
    return <NotYours what="restart it" />;
  }
  if (prunedAt !== null || status !== 'succeeded') return null;
  const lost = (jobs.failed ?? 0) + (jobs['failed-other'] ?? 0) + (jobs.canceled ?? 0);
  return (
    <Post visit={visit} to={`${here}/${id}/restart`} class="form">
      <Choice
        {...{ form: filled(), name: 'failures', label: 'Schedule again', options: kinds }}
        about={`With what failed because of it. Of its jobs that would be up to ${count(lost)}.`}
      />
      <p class="buttons">
        <button>Restart</button>
      </p>
    </Post>
  );
}

export function intentPage({ visit, intent }: { visit: Visit; intent: IntentAnswer }): string {
  const { id, kind, build, evaluation, moved, finishedAt } = intent;
  const whose = evaluation === null ? `build ${build}` : `evaluation ${evaluation}`;
  const address = evaluation === null ? `/builds/${build}` : `/evaluations/${evaluation}`;
  return deskPage(
    { title: `${kind === 'restart' ? 'Restart' : 'Cancel'} of ${whose}`, here, visit },
    <>
      <p class="lead">
        {finishedAt === null ? 'Under way: ' : 'Done: '}
        {count(moved)} builds {kind === 'restart' ? 'scheduled again' : 'canceled'}
      </p>
      <p>
        Asked <Time at={intent.requestedAt} now={visit.now} />
        {finishedAt === null ? '' : ', ended '}
        {finishedAt === null ? null : <Time at={finishedAt} now={visit.now} />}
      </p>
      <p>
        <a href={address}>What it is about</a> ·{' '}
        <a href={`/api/v1/intents/${id}`}>the same for programs</a>
      </p>
    </>,
  );
}
