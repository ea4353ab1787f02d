/** Why jobs of an evaluation fail: the builds that failed by themselves, by what they block. */
import { failureReasons } from '#domain/build/reason.js';
import type { RootCause, RootCausesAnswer } from '#protocol/api/difference.js';
import { evaluationAddress, type EvaluationShown } from './evaluation-address.js';
import { Status, Table } from './parts.js';
import { clipped, count, plural } from './words.js';

export interface CausesModel {
  readonly evaluation: string;
  readonly causes: RootCausesAnswer;
  readonly shown: EvaluationShown;
}

export function Causes({ evaluation, causes, shown }: CausesModel) {
  const { items, found } = causes;
  return (
    <>
      <Classes evaluation={evaluation} causes={causes} shown={shown} />
      {items.length === 0 ? null : (
        <Table head={['Failed build', 'Blocks', 'Newly failing', 'Among them']} caption="Causes">
          {items.map((cause) => (
            <CauseRow cause={cause} />
          ))}
        </Table>
      )}
      {found > items.length ? (
        <p>
          The first {count(items.length)} of {count(found)} failed builds;{' '}
          <a href={`/api/v1/evaluations/${evaluation}/root-causes?limit=500`}>more in JSON</a>
        </p>
      ) : null}
    </>
  );
}

/** Build errors, time limits, silence and the rest apart, each a link to its jobs. */
function Classes({ evaluation, causes: { reasons, errors }, shown }: CausesModel) {
  const only = { compare: shown.compare, kind: 'all' as const };
  if (reasons.length === 0 && errors === 0) return null;
  return (
    <ul class="classes">
      {reasons.map(({ reason, jobs }) => (
        <li>
          <a href={evaluationAddress(evaluation, { ...only, status: 'failed', reason })}>
            {plural(jobs, 'job')}: {reason}
          </a>{' '}
          <span class="quiet">{sentenceOf(reason)}</span>
        </li>
      ))}
      {errors === 0 ? null : (
        <li>
          <a href={evaluationAddress(evaluation, { ...only, status: 'error' })}>
            {plural(errors, 'job')}: error
          </a>{' '}
          <span class="quiet">It could not be evaluated.</span>
        </li>
      )}
    </ul>
  );
}

function sentenceOf(reason: string): string {
  return reason in failureReasons
    ? failureReasons[reason as keyof typeof failureReasons].sentence
    : '';
}

function CauseRow({ cause: { build, blocks, newlyFailing, examples } }: { cause: RootCause }) {
  return (
    <tr>
      <td>
        {build === null ? (
          <span class="quiet">not known</span>
        ) : (
          <>
            <a href={`/builds/${build.id}`}>{clipped(build.name)}</a>{' '}
            <span class="quiet">{build.system}</span>
            <div>
              <Status status={build.status} note={build.reason} />
            </div>
          </>
        )}
      </td>
      <td class="number">{plural(blocks, 'job')}</td>
      <td class="number">{count(newlyFailing)}</td>
      <td class="quiet">
        {examples.map(({ name, build: blocked }, at) => (
          <>
            {at > 0 ? ', ' : ''}
            {blocked ? <a href={`/builds/${blocked}`}>{clipped(name)}</a> : clipped(name)}
          </>
        ))}
        {blocks > examples.length ? ', …' : ''}
      </td>
    </tr>
  );
}
