/** One specification: where its channels are, what it builds, and its evaluations. */
import {
  isFileSelection,
  selectionWords,
  type Selection,
} from '#domain/specification/selection.js';
import { keeperWords } from '#domain/specification/keeping.js';
import { resolveLimits } from '#domain/build/limits.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { TrendAnswer, TrendPoint } from '#protocol/api/commit.js';
import type { Page } from '#protocol/api/page.js';
import type { ChannelState, SpecificationAnswer } from '#protocol/api/specification.js';
import { Range, revisionIn } from './commits.js';
import { changedWords } from './evaluation-words.js';
import { page } from './layout.js';
import {
  Clock,
  Coming,
  CountsBar,
  Empty,
  Fault,
  Revision,
  Section,
  Status,
  Table,
  Time,
  Took,
} from './parts.js';
import { Follow, Trend } from './specification-trend.js';
import { duration, verdict } from './words.js';

export interface SpecificationModel {
  readonly specification: SpecificationAnswer;
  readonly evaluations: Page<EvaluationAnswer>;
  /** The evaluation before the last of them; null where there is none. */
  readonly before: EvaluationAnswer | null;
  /** By the id of the evaluation, of those that were weighed. */
  readonly changes: ReadonlyMap<string, JobChanges>;
  readonly trend: TrendAnswer;
  readonly now: Date;
}

export type JobChanges = Pick<TrendPoint, 'newlyFailing' | 'newlySucceeding'>;

function watched(period: number): string {
  return period === 0 ? 'Watched as often as the farm does' : `Watched every ${duration(period)}`;
}

export function specificationPage(model: SpecificationModel): string {
  const { specification, trend, now } = model;
  const { name, specification: document } = specification;
  return page(
    {
      title: name,
      here: '/',
      manage: `/admin/specifications/edit/${name}`,
      json: `/api/v1/specifications/${name}`,
      live: [`specification/${name}`],
    },
    <>
      <h1>{name}</h1>
      <p class="lead">
        {document.active ? watched(document.period) : 'Inactive: not watched'}
        <NextLook at={specification.nextPollAt} now={now} />
      </p>
      <KeptBy specification={specification} />
      <Trend name={name} trend={trend} now={now} />
      <Section title="Channels">
        <Channels specification={specification} now={now} />
      </Section>
      <Section title="Evaluations">
        <Evaluations {...model} />
      </Section>
      <Section title="What it builds">
        <Facts specification={specification} />
      </Section>
      <Section title="To follow it">
        <Follow name={name} guix={document.backend === 'guix'} />
      </Section>
    </>,
  );
}

function KeptBy({ specification }: { specification: SpecificationAnswer }) {
  const { managedBy, repository } = specification;
  if (managedBy === null) return null;
  const sentence = `Kept by ${keeperWords(managedBy)}: change it there.`;
  if (repository === null) return <p>{sentence}</p>;
  const { url, branch, revision, failure, faults } = repository;
  return (
    <>
      <p>
        {sentence} It is {url}, branch {branch}.
      </p>
      {failure !== null && <p class="fault">It was not applied: {failure}</p>}
      {faults.length > 0 && (
        <>
          <p class="fault">
            Its files at <Revision revision={revision} /> have faults; what stood before stands on.
          </p>
          <Fault
            text={faults
              .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
              .join('\n')}
          />
        </>
      )}
    </>
  );
}

function NextLook({ at, now }: { at: string | null; now: Date }) {
  if (at === null) return null;
  return (
    <>
      , next look <Coming at={at} now={now} />
    </>
  );
}

function Channels({ specification, now }: { specification: SpecificationAnswer; now: Date }) {
  const states = new Map(specification.channels.map((state) => [state.name, state]));
  const named = specification.specification.channels;
  const names = new Set(named.map(({ name }) => name));
  const pulledIn = specification.channels.filter(({ name, via }) => via && !names.has(name));
  return (
    <>
      {specification.channels.map((state) => (
        <ChannelFaults state={state} now={now} />
      ))}
      <Table head={['Channel', 'Branch', 'Revision', 'Fetched', 'State']}>
        {[...named, ...pulledIn].map((channel) => {
          const state = states.get(channel.name);
          return (
            <tr>
              <td>
                {channel.name}
                {state?.via ? <span class="quiet"> by {state.via}</span> : null}
                <div class="quiet break">{channel.url}</div>
              </td>
              <td>{'commit' in channel ? `pinned (${channel.branch})` : channel.branch}</td>
              <td>
                <Revision revision={state?.revision ?? null} />
              </td>
              <td>
                <Time at={state?.fetchedAt ?? null} now={now} />
              </td>
              <td class="quiet">{stateWord(state)}</td>
            </tr>
          );
        })}
      </Table>
    </>
  );
}

function stateWord(state: ChannelState | undefined): string {
  if (!state) return 'not fetched yet';
  return state.error?.code ?? (state.rewound ? 'rewound' : 'as it should be');
}

/** Above the table, where a narrow screen shows them whole. */
function ChannelFaults({ state, now }: { state: ChannelState; now: Date }) {
  return (
    <>
      {state.error ? (
        <p class="fault">
          <strong>
            {state.name}: {state.error.code}
          </strong>
          : {state.error.message}{' '}
          <span class="quiet">
            (since <Time at={state.error.since} now={now} />, {state.error.failures} in a row)
          </span>
        </p>
      ) : null}
      {state.rewound ? (
        <p class="warning">
          <strong>{state.name}</strong>: The branch was rewound from{' '}
          <Revision revision={state.rewound.from} /> <Time at={state.rewound.at} now={now} />
        </p>
      ) : null}
    </>
  );
}

function Evaluations({ specification, evaluations, before, changes, now }: SpecificationModel) {
  const { name } = specification;
  if (evaluations.items.length === 0) {
    return <Empty>None yet: the first one begins when its channels have been fetched.</Empty>;
  }
  return (
    <>
      <Table head={['Evaluation', 'Status', 'Jobs', 'Checkouts', 'Cause', 'Started', 'Took']}>
        {evaluations.items.map((one, at) => (
          <tr>
            <td>
              <a href={`/evaluations/${one.id}`}>{one.id}</a>
            </td>
            <td>
              <Status status={one.status} note={one.cancelReason ?? one.reason} />
            </td>
            <td>
              <CountsBar jobs={one.jobs} />
              {changedWords(changes.get(one.id))}
              {verdict(one.jobs)}
            </td>
            <td>
              {one.checkouts.map((checkout) => (
                <div>
                  {checkout.channel}{' '}
                  <Range
                    from={revisionIn((evaluations.items[at + 1] ?? before)?.checkouts, checkout)}
                    to={checkout.revision}
                    url={checkout.url}
                  />
                </div>
              ))}
            </td>
            <td>
              {one.trigger}
              {one.try > 1 ? <span class="quiet"> (try {one.try})</span> : null}
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
      {evaluations.next ? (
        <p>
          <a rel="next" href={`/specifications/${name}?cursor=${evaluations.next}`}>
            Older evaluations
          </a>
        </p>
      ) : null}
    </>
  );
}

function Selected({ selection, first }: { selection: Selection; first: string }) {
  if (!isFileSelection(selection)) return <code>{selectionWords(selection)}</code>;
  const file = `${selection.channel ?? first}/${selection.file}`;
  if (!selection.attribute) return <code>{file}</code>;
  return (
    <>
      <code>{file}</code> attribute <code>{selection.attribute}</code>
    </>
  );
}

function Facts({ specification }: { specification: SpecificationAnswer }) {
  const { specification: document, version, updatedAt } = specification;
  const { selection, limits } = document;
  return (
    <dl>
      <dt>Selection</dt>
      <dd>
        <Selected selection={selection} first={document.channels[0]?.name ?? ''} />
      </dd>
      <dt>Backend</dt>
      <dd>{document.backend}</dd>
      <dt>Systems</dt>
      <dd>{document.systems.join(', ')}</dd>
      <dt>Priority</dt>
      <dd>{document.priority} (0 is first, 9 last)</dd>
      <dt>Share</dt>
      <dd>{document.share}</dd>
      <dt>Limits</dt>
      <dd>{limitsLine(limits)}</dd>
      <dt>Version</dt>
      <dd>
        {version}, written <Clock at={updatedAt} />
      </dd>
    </dl>
  );
}

function limitsLine(limits: SpecificationAnswer['specification']['limits']): string {
  const { timeoutSeconds, maxSilentSeconds } = resolveLimits({}, limits);
  return `${duration(timeoutSeconds)} in all, ${duration(maxSilentSeconds)} of silence`;
}
