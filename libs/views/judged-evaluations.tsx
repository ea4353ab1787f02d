/** Evaluations with their verdicts, as the pages of commits and of requests list them. */
import type { JudgedEvaluation } from '#protocol/api/commit.js';
import { Commit } from './commits.js';
import { changedWords, goesOn } from './evaluation-words.js';
import { CountsBar, Status, Table, Time, Took } from './parts.js';
import { count, plural, verdict } from './words.js';

interface Props {
  readonly judged: readonly JudgedEvaluation[];
  readonly caption: string;
  readonly now: Date;
}

export function JudgedEvaluations({ judged, caption, now }: Props) {
  const head = ['Evaluation', 'Verdict', 'Checkouts', 'Started', 'Took'];
  return (
    <Table head={head} caption={caption}>
      {judged.map(({ evaluation: one, ...changed }) => (
        <tr>
          <td>
            <a href={`/evaluations/${one.id}`}>
              {one.specification.name} {one.id}
            </a>
            <div>
              <Status status={one.status} note={one.cancelReason ?? one.reason} />
            </div>
          </td>
          <td>
            <CountsBar jobs={one.jobs} />
            {changedWords(changed)}
            {verdict(one.jobs)}
          </td>
          <td>
            {one.checkouts.map((checkout) => (
              <div>
                {checkout.channel} <Commit revision={checkout.revision} url={checkout.url} />
              </div>
            ))}
          </td>
          <td>
            <Time at={one.startedAt} now={now} />
          </td>
          <td>
            <Took from={one.startedAt} to={one.endedAt} now={now} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** What all of them come to, in one line. */
export function judgement(judged: readonly JudgedEvaluation[]): string {
  const of = new Set(judged.map(({ evaluation }) => evaluation.specification.name)).size;
  const broke = judged.filter(({ newlyFailing }) => (newlyFailing ?? 0) > 0).length;
  const goOn = judged.filter(({ evaluation }) => goesOn(evaluation)).length;
  const unread = judged.filter(({ evaluation }) => evaluation.status === 'failed').length;
  const parts = [
    broke > 0 ? `${count(broke)} with newly failing jobs` : '',
    unread > 0 ? `${count(unread)} could not be read` : '',
    goOn > 0 ? `${count(goOn)} still going on` : '',
  ].filter((part) => part !== '');
  const all = `${plural(judged.length, 'evaluation')} of ${plural(of, 'specification')}`;
  return `${all}: ${parts.length === 0 ? 'nothing newly fails' : parts.join(', ')}`;
}
