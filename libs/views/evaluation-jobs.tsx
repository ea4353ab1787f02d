/** The jobs of an evaluation against those of another one: tabs, filters, and one page of them. */
import { differenceKinds, type DifferenceKind } from '#domain/evaluation-difference/difference.js';
import type { AgainstChoice, DifferenceAnswer, JobDifference } from '#protocol/api/difference.js';
import type { EvaluationAnswer, JobStatus } from '#protocol/api/evaluation.js';
import { evaluationAddress, type EvaluationShown } from './evaluation-address.js';
import { kindWords } from './evaluation-words.js';
import { Clock, Empty, Fault, Status, Table, Time } from './parts.js';
import { jobOrder } from './statuses.js';
import { clipped, count, plural, systemWord } from './words.js';

/** What a page of jobs tells beside the difference, by the id of the job. */
export interface JobDetail {
  readonly error: string | null;
  readonly description: string | null;
  readonly endedAt: string | null;
}

export interface JobsModel {
  readonly evaluation: string;
  /** Read to its end: before that nobody knows what is removed. */
  readonly whole: boolean;
  readonly difference: DifferenceAnswer;
  readonly details: ReadonlyMap<string, JobDetail>;
  readonly choices: readonly AgainstChoice[];
  readonly systems: readonly string[];
  /** Whether any job says who maintains it. */
  readonly maintained: boolean;
  readonly shown: EvaluationShown;
  readonly now: Date;
}

export function Jobs(model: JobsModel) {
  return (
    <>
      <Compare {...model} />
      <Tabs {...model} />
      <Filter {...model} />
      <List {...model} />
    </>
  );
}

/** What stands where the jobs of a large evaluation will. */
export function BeingRead({ evaluation }: { evaluation: Pick<EvaluationAnswer, 'jobCount'> }) {
  return (
    <p class="wait" role="status">
      Its {plural(evaluation.jobCount, 'job')} are being read: the page shows them when it is loaded
      again.
    </p>
  );
}

const choiceWords: Readonly<Record<AgainstChoice['word'], string>> = {
  previous: 'the previous one',
  day: 'a day before',
  week: 'a week before',
  month: 'a month before',
};

function Compare({ evaluation, difference: { against }, choices, shown }: JobsModel) {
  return (
    <div class="compare">
      <p>
        {against === null ? (
          'There is no whole evaluation before this one to compare with.'
        ) : (
          <>
            Compared with{' '}
            <a href={`/evaluations/${against.id}`}>
              evaluation {against.id} of {against.specification}
            </a>
            , started <Clock at={against.startedAt} />.
          </>
        )}
      </p>
      <div class="filters">
        <nav aria-label="Compare with">
          {choices.map(({ word, evaluation: other }) => (
            <a
              href={evaluationAddress(evaluation, {
                ...shown,
                ...{ compare: word, cursor: undefined },
              })}
              aria-current={(shown.compare ?? 'previous') === word ? 'true' : undefined}
            >
              {choiceWords[word]} ({other.id})
            </a>
          ))}
        </nav>
        <form method="get" action={`/evaluations/${evaluation}`}>
          <Hidden shown={shown} without={['compare', 'cursor']} />
          <label>
            Another evaluation or specification{' '}
            <input name="compare" size={14} maxlength={255} value={typed(shown.compare)} />
          </label>
          <button>Compare</button>
        </form>
      </div>
    </div>
  );
}

/** The words of the menu are links already. */
function typed(compare: string | undefined): string {
  return compare === undefined || compare in choiceWords ? '' : compare;
}

function Hidden({
  shown,
  without,
}: {
  shown: EvaluationShown;
  without: readonly (keyof EvaluationShown)[];
}) {
  const entries = Object.entries(shown) as [keyof EvaluationShown, string | undefined][];
  return (
    <>
      {entries.map(([name, value]) =>
        value && !without.includes(name) ? <input type="hidden" name={name} value={value} /> : null,
      )}
    </>
  );
}

/** Without another evaluation nothing is new, removed or newly anything. */
const plainTabs: readonly DifferenceKind[] = ['failing', 'waiting', 'undone', 'succeeding'];
const seldom: readonly DifferenceKind[] = ['failing', 'undone'];

function Tabs({ evaluation, difference, whole, shown }: JobsModel) {
  const { counts, against, jobs } = difference;
  const kinds = (against === null ? plainTabs : differenceKinds).filter(
    (kind) => kind !== 'succeeding' && (counts[kind] > 0 || !seldom.includes(kind)),
  );
  const word = (kind: DifferenceKind): string =>
    kind === 'failing' && against === null ? 'failing' : kindWords[kind];
  const tab = (kind: DifferenceKind | 'all', text: string, number: string) => (
    <a
      href={evaluationAddress(evaluation, { ...shown, kind, cursor: undefined })}
      aria-current={(shown.kind ?? 'all') === kind ? 'true' : undefined}
    >
      {text} <span class="number">{number}</span>
    </a>
  );
  return (
    <nav class="tabs" aria-label="Jobs by what differs">
      {kinds.map((kind) =>
        tab(kind, word(kind), kind === 'removed' && !whole ? '–' : count(counts[kind])),
      )}
      {tab('all', 'all', count(jobs))}
    </nav>
  );
}

function Filter({ evaluation, shown, systems, maintained }: JobsModel) {
  return (
    <form class="narrow" method="get" action={`/evaluations/${evaluation}`} role="search">
      <Hidden shown={shown} without={['name', 'system', 'status', 'maintainer', 'cursor']} />
      <label>
        Name <input type="search" name="name" value={shown.name ?? ''} maxlength={255} />
      </label>
      <Choice name="system" label="System" words={systems} chosen={shown.system} />
      <Choice name="status" label="Status" words={jobOrder} chosen={shown.status} />
      {maintained ? (
        <label>
          Maintainer{' '}
          <input type="search" name="maintainer" value={shown.maintainer ?? ''} maxlength={255} />
        </label>
      ) : null}
      <button>Filter</button>
      {shown.reason ? (
        <a href={evaluationAddress(evaluation, { ...shown, reason: undefined, cursor: undefined })}>
          Not only {shown.reason}
        </a>
      ) : null}
    </form>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly words: readonly string[];
  readonly chosen: string | undefined;
}

/** Of several words, or any. */
export function Choice({ name, label, words, chosen }: ChoiceProps) {
  return (
    <label>
      {label}{' '}
      <select name={name}>
        <option value="">any</option>
        {words.map((word) => (
          <option value={word} selected={word === chosen}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

function List({ evaluation, difference, details, shown, whole, now }: JobsModel) {
  const { items, found, next } = difference;
  if (items.length === 0) return <Empty>{noJobs(shown, difference, whole)}</Empty>;
  const compared = difference.against !== null;
  const head = ['Status', 'Job', 'System', ...(compared ? ['Before'] : []), 'Ended'];
  return (
    <>
      <p class="quiet" role="status">
        {shown.cursor ? 'More of ' : ''}
        {plural(found, 'job')}
        {items.length < found && !shown.cursor ? `, the first ${count(items.length)}` : ''}
      </p>
      <Table head={head} caption="Jobs">
        {items.map((job) => (
          <JobRow job={job} detail={details.get(job.id)} compared={compared} now={now} />
        ))}
      </Table>
      <nav class="pages" aria-label="Pages of jobs">
        {shown.cursor ? (
          <a href={evaluationAddress(evaluation, { ...shown, cursor: undefined })}>First page</a>
        ) : null}
        {next ? (
          <a rel="next" href={evaluationAddress(evaluation, { ...shown, cursor: next })}>
            Next page
          </a>
        ) : null}
      </nav>
    </>
  );
}

function noJobs(shown: EvaluationShown, { jobs }: DifferenceAnswer, whole: boolean): string {
  if (shown.kind === 'removed' && !whole) {
    return 'What is removed will be known when the evaluation has been read to its end.';
  }
  if (jobs === 0) return whole ? 'It has no jobs.' : 'None told yet.';
  return 'No job is like that.';
}

interface JobRowProps {
  readonly job: JobDifference;
  readonly detail: JobDetail | undefined;
  readonly compared: boolean;
  readonly now: Date;
}

function JobRow({ job, detail, compared, now }: JobRowProps) {
  return (
    <tr>
      <td>
        <Status status={job.status} note={job.reason} />
      </td>
      <td>
        {job.build ? <a href={`/builds/${job.build}`}>{clipped(job.name)}</a> : clipped(job.name)}
        {detail?.description ? <div class="quiet">{clipped(detail.description, 500)}</div> : null}
        {detail?.error ? <Fault text={clipped(detail.error, 4000)} /> : null}
      </td>
      <td class="quiet">{systemWord(job.system)}</td>
      {compared ? (
        <td>
          <Before job={job} />
        </td>
      ) : null}
      <td>
        <Time at={detail?.endedAt ?? null} now={now} />
      </td>
    </tr>
  );
}

function Before({ job: { before, build, kind } }: { job: JobDifference }) {
  if (kind === 'removed') return <span class="quiet">removed</span>;
  if (before === null) return <span class="quiet">not there</span>;
  const same = before.build !== null && before.build === build;
  return (
    <>
      <Status status={before.status as JobStatus} />{' '}
      {same ? (
        <span class="quiet">the same build</span>
      ) : before.build ? (
        <a href={`/builds/${before.build}`}>build {before.build}</a>
      ) : null}
    </>
  );
}
