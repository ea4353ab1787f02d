/**
 * The specifications as one table: a line each, with the health of its last evaluations as shapes,
 * how much of it is there, and what the last evaluation came to.
 */
import type { Availability, RecentEvaluation } from '#protocol/api/overview.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import { withReading } from './evaluation-words.js';
import { healthDrawings, healthSentence } from './health.js';
import { CountsBar, Empty, Table, Time } from './parts.js';
import { count, hasJobs, percent, plural, systemWord, verdict } from './words.js';

export interface SpecificationLine {
  readonly specification: SpecificationAnswer;
  /** The oldest first. */
  readonly recent: readonly RecentEvaluation[];
  /** Of the last evaluation; empty until it was counted. */
  readonly systems: readonly Availability[];
}

interface Props {
  readonly lines: readonly SpecificationLine[];
  /** A part of the names to show. */
  readonly name: string;
  readonly now: Date;
}

/** With fewer lines nobody looks for one by its name. */
const filteredFrom = 12;
const shownAtMost = 300;

export function Specifications({ lines, name, now }: Props) {
  const found = lines.filter(({ specification }) =>
    specification.name.toLowerCase().includes(name.toLowerCase()),
  );
  const requests = found.filter(isRequest);
  const own = found.filter((line) => !isRequest(line));
  return (
    <>
      {lines.length >= filteredFrom || name !== '' ? <Filter name={name} /> : null}
      {found.length === 0 ? <Empty>No specification has that name.</Empty> : null}
      {own.length > 0 ? <Lines lines={own} caption="Specifications" now={now} /> : null}
      {requests.length > 0 ? (
        <details id="requests" open={name !== ''}>
          <summary>{plural(requests.length, 'pull request')}</summary>
          <Lines lines={requests} caption="Pull requests" now={now} />
        </details>
      ) : null}
    </>
  );
}

/** What a forge's request made: there may be many, and none of them stays. */
function isRequest({ specification }: SpecificationLine): boolean {
  return (
    specification.managedBy?.startsWith('forge:') === true ||
    specification.specification.trust === 'untrusted'
  );
}

function Filter({ name }: { name: string }) {
  return (
    <form class="filter" action="/">
      <label>
        Part of a name <input type="search" name="name" value={name} />
      </label>{' '}
      <button>Show</button>
      {name === '' ? null : <a href="/">Show all</a>}
    </form>
  );
}

interface LinesProps {
  readonly lines: readonly SpecificationLine[];
  readonly caption: string;
  readonly now: Date;
}

function Lines({ lines, caption, now }: LinesProps) {
  return (
    <>
      <Table caption={caption} head={['Name', 'Last evaluations', 'Available', 'Verdict', 'When']}>
        {lines.slice(0, shownAtMost).map((line) => (
          <Line line={line} now={now} />
        ))}
      </Table>
      {lines.length > shownAtMost ? (
        <p class="quiet">{count(lines.length - shownAtMost)} more: give a part of the name.</p>
      ) : null}
    </>
  );
}

function Line({ line, now }: { line: SpecificationLine; now: Date }) {
  const { specification, recent, systems } = line;
  const { name, lastEvaluation: last } = specification;
  return (
    <tr id={`specification-${name}`}>
      <td class="of-name">
        <a href={`/specifications/${name}`}>{name}</a>
        {specification.specification.active ? null : <span class="tag">inactive</span>}
        {specification.managedBy === null ? null : <span class="tag">managed</span>}
      </td>
      <td>
        <Spark name={name} recent={recent} />
      </td>
      <td>{last ? <Available jobs={last.jobs} systems={systems} /> : null}</td>
      <td>
        {last ? (
          <>
            <CountsBar jobs={last.jobs} />
            {withReading(last, hasJobs(last.jobs) ? verdict(last.jobs) : '')}
          </>
        ) : (
          <span class="quiet">Not evaluated yet.</span>
        )}
      </td>
      <td>
        <Time at={last?.startedAt ?? null} now={now} />
      </td>
    </tr>
  );
}

function Spark({ name, recent }: { name: string; recent: readonly RecentEvaluation[] }) {
  if (recent.length === 0) return <span class="quiet">–</span>;
  return (
    <ol class="spark" aria-label={`Last evaluations of ${name}`}>
      {recent.map((one) => {
        const { tone, shape } = healthDrawings[one.health];
        const words = `Evaluation ${one.id}: ${healthSentence(one)}`;
        return (
          <li>
            <a class={`status ${tone}`} href={`/evaluations/${one.id}`} title={words}>
              <svg width="16" height="16" aria-hidden="true">
                <use href={`#${shape}`} />
              </svg>
              <span class="unseen">{words}</span>
            </a>
          </li>
        );
      })}
    </ol>
  );
}

interface AvailableProps {
  readonly jobs: Readonly<Partial<Record<string, number>>>;
  readonly systems: readonly Availability[];
}

function Available({ jobs, systems }: AvailableProps) {
  const total = Object.values(jobs).reduce<number>((sum, number) => sum + (number ?? 0), 0);
  if (total === 0) return <span class="quiet">–</span>;
  return (
    <>
      <span class="number">{percent(jobs['succeeded'] ?? 0, total)}</span>
      {systems.length > 1
        ? systems.map((one) => (
            <div class="quiet">
              {systemWord(one.system)}{' '}
              <span class="number">{percent(one.succeeded, one.jobs)}</span>
            </div>
          ))
        : null}
    </>
  );
}
