/** One build: where it stands and why, what it made, its neighbours in the graph, and its log. */
import type { AttemptAnswer, BuildAnswer, BuildSummary, Neighbours } from '#protocol/api/build.js';
import type { BuildHistoryAnswer, OutputClosure } from '#protocol/api/build-story.js';
import { isFinal } from '#domain/build/status.js';
import { Durations, Story } from './build-story.js';
import { failingPhase } from './failing-phase.js';
import { GraphDrawing, nearGraph } from './graph.js';
import { page } from './layout.js';
import { LogView, type LogTail } from './log-view.js';
import {
  BuildRows,
  buildHead,
  Clock,
  Coming,
  Command,
  Empty,
  Expected,
  Fault,
  Section,
  Status,
  Table,
  Time,
  Took,
} from './parts.js';
import { Outputs } from './outputs.js';
import { Products } from './products.js';
import { reproduceCommand, type Recipe, type Source } from './reproduce.js';
import { bytes, clipped, count, duration } from './words.js';

export interface BuildModel {
  readonly build: BuildAnswer;
  readonly log: LogTail;
  /** Null when no job of an evaluation points at the build. */
  readonly recipe: Recipe | null;
  readonly source: Source;
  readonly history: BuildHistoryAnswer;
  readonly closures: readonly OutputClosure[];
  readonly now: Date;
}

export function buildPage(model: BuildModel): string {
  const { build, log, recipe, source, history, closures, now } = model;
  const final = isFinal(build.status);
  return page(
    {
      title: `${clipped(build.name)}: ${build.status}`,
      json: `/api/v1/builds/${build.id}`,
      manage: `/admin/builds/${build.id}`,
      state: build.status,
      live: final ? [] : [`build/${build.id}`],
      scripts: ['log-tail'],
    },
    <>
      <p class="crumbs">
        <Crumbs build={build} />
      </p>
      <h1>{clipped(build.name)}</h1>
      <p class="lead">
        <Status status={build.status} note={build.reason} /> <Since build={build} now={now} />
      </p>
      <Why build={build} now={now} />
      <Story build={build} history={history} />
      <Section title="Log">
        <WholeLog build={build} log={log} />
        {final && log.size === 0 ? (
          <Empty>{whyNoLog(build.attempts)}</Empty>
        ) : (
          <LogView
            tail={log}
            page={`/builds/${build.id}/log`}
            stream={final ? undefined : streamOf(build, log)}
            begun={build.attempts.length > 0}
          />
        )}
      </Section>
      <Section title="Attempts">
        <Attempts attempts={build.attempts} now={now} />
      </Section>
      <Section title="Outputs">
        <Outputs outputs={build.outputs} closures={closures} source={source} />
      </Section>
      <Products products={build.products} />
      <Neighbourhood build={build} />
      <Graph title="Inputs" build={build} neighbours={build.inputs} now={now} />
      <Graph title="Dependents" build={build} neighbours={build.dependents} now={now} />
      <Durations history={history} here={build.id} />
      <Section title="Details">
        <Details build={build} />
      </Section>
      <Reproduce recipe={recipe} />
    </>,
  );
}

/** In which phase it failed, and where all of the log can be read and searched. */
function WholeLog({ build, log }: { build: BuildAnswer; log: LogTail }) {
  if (log.size === 0) return null;
  const phase = build.status === 'failed' ? failingPhase(log.text) : null;
  return (
    <p>
      {phase === null ? null : (
        <>
          It failed in phase <strong>{phase}</strong>.{' '}
        </>
      )}
      <a href={`/builds/${build.id}/log`}>Whole log, with search and phases</a>
    </p>
  );
}

/** Of a build that is over. */
function whyNoLog(attempts: readonly AttemptAnswer[]): string {
  const last = attempts.at(-1);
  if (!last) return 'No worker began it: there is no log.';
  if (last.logBytes === 0) return 'The log is empty.';
  return 'Its log was removed: logs are kept as long as what is kept says.';
}

/** How long it took and when it ended, or since when it builds or waits. */
function Since({ build, now }: { build: BuildAnswer; now: Date }) {
  const { scheduledAt, startedAt, endedAt } = build;
  if (endedAt === null && startedAt === null) {
    return (
      <>
        since <Took from={scheduledAt} to={null} now={now} />
      </>
    );
  }
  return (
    <>
      {startedAt === null ? null : (
        <>
          {endedAt === null ? 'for ' : 'after '}
          <Took from={startedAt} to={endedAt} now={now} />
        </>
      )}
      {startedAt !== null && endedAt !== null ? ', ' : ''}
      {endedAt === null ? null : <Time at={endedAt} now={now} />}
    </>
  );
}

/**
 * The stream goes on where the tail ends, in the same attempt; without one it waits for the first.
 */
function streamOf(build: BuildAnswer, log: LogTail): string {
  const attempt = build.attempts.at(-1);
  const base = `/api/v1/builds/${build.id}/log/stream?format=spans`;
  return attempt ? `${base}&attempt=${attempt.id}&from=${log.size}` : base;
}

function Crumbs({ build }: { build: BuildAnswer }) {
  const [job] = build.jobs;
  if (!job) return <>build {build.id}</>;
  return (
    <>
      <a href={`/specifications/${job.specification}`}>{job.specification}</a> /{' '}
      <a href={`/evaluations/${job.evaluation}`}>evaluation {job.evaluation}</a> /{' '}
      {clipped(job.name)}
    </>
  );
}

function Why({ build, now }: { build: BuildAnswer; now: Date }) {
  const { wait, failedInput } = build;
  return (
    <>
      {build.sentence ? <p>{build.sentence}</p> : null}
      {build.message ? <Fault text={build.message} /> : null}
      {failedInput ? (
        <p>
          The input that failed: <Named build={failedInput} />
        </p>
      ) : null}
      {wait ? (
        <div class="wait">
          <p>
            <strong>Why it waits:</strong> {wait.sentence}
            {wait.until ? (
              <>
                {' '}
                Next attempt <Coming at={wait.until} now={now} />.
              </>
            ) : null}
            {wait.position ? ` It is number ${count(wait.position)} among those that wait.` : ''}
          </p>
          {wait.inputs.length > 0 ? (
            <ul>
              {wait.inputs.map((input) => (
                <li>
                  <Named build={input} />
                </li>
              ))}
            </ul>
          ) : null}
        </div>
      ) : null}
      <Expected estimate={build.estimate} now={now} />
    </>
  );
}

function Named({ build }: { build: BuildSummary }) {
  return (
    <>
      <Status status={build.status} note={build.reason} />{' '}
      <a href={`/builds/${build.id}`}>{clipped(build.name)}</a>
    </>
  );
}

function Attempts({ attempts, now }: { attempts: readonly AttemptAnswer[]; now: Date }) {
  if (attempts.length === 0) return <Empty>No worker has tried it yet.</Empty>;
  return (
    <Table head={['Attempt', 'Status', 'Worker', 'Began', 'Took', 'Log']}>
      {attempts.map((attempt) => (
        <tr>
          <td>{attempt.number}</td>
          <td>
            <Status status={attempt.status} note={attempt.reason} />
            {attempt.message ? (
              <div class="quiet break">{clipped(attempt.message, 1000)}</div>
            ) : null}
            {attempt.exitCode ? <div class="quiet">exit code {attempt.exitCode}</div> : null}
          </td>
          <td>
            <a href={`/workers/${attempt.worker.name}`}>{attempt.worker.name}</a>
            <span class="quiet"> slot {attempt.slot}</span>
          </td>
          <td>
            <Time at={attempt.startedAt ?? attempt.createdAt} now={now} />
          </td>
          <td>
            <Took from={attempt.startedAt} to={attempt.endedAt} now={now} />
          </td>
          <td>
            <a href={attempt.log}>{bytes(attempt.logBytes)}</a>
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Drawn only where there is more than a line to draw. */
function Neighbourhood({ build }: { build: BuildAnswer }) {
  const graph = nearGraph(build);
  if (graph.nodes.length < 2) return null;
  return (
    <Section title="Graph">
      <GraphDrawing graph={graph} name={build.name} />
      <p class="graph-more">
        <a href={`/builds/${build.id}/graph`}>More of the graph</a>
      </p>
    </Section>
  );
}

interface GraphProps {
  readonly title: 'Inputs' | 'Dependents';
  readonly build: BuildAnswer;
  readonly neighbours: Neighbours;
  readonly now: Date;
}

function Graph({ title, build, neighbours, now }: GraphProps) {
  const { items, total } = neighbours;
  const more = total - items.length;
  return (
    <Section title={`${title} (${count(total)})`}>
      {items.length === 0 ? (
        <Empty>
          {title === 'Inputs' ? 'It needs no other build.' : 'No other build needs it.'}
        </Empty>
      ) : (
        <Table head={buildHead}>
          <BuildRows builds={items} now={now} />
        </Table>
      )}
      {more > 0 ? (
        <p>
          <a href={`/api/v1/builds/${build.id}/${title.toLowerCase()}?limit=500`}>
            {count(more)} more as JSON
          </a>
        </p>
      ) : null}
    </Section>
  );
}

function Details({ build }: { build: BuildAnswer }) {
  return (
    <dl>
      <dt>Build</dt>
      <dd>{build.id}</dd>
      <dt>Derivation</dt>
      <dd>
        <code class="break">{build.derivation}</code>
      </dd>
      <dt>System</dt>
      <dd>{[build.system, ...build.requiredFeatures].join(', ')}</dd>
      <dt>Priority</dt>
      <dd>{build.priority} (0 is first, 9 last)</dd>
      <dt>Limits</dt>
      <dd>
        {duration(build.limits.timeoutSeconds)} in all, {duration(build.limits.maxSilentSeconds)} of
        silence
      </dd>
      <dt>Scheduled</dt>
      <dd>
        <Clock at={build.scheduledAt} />
      </dd>
      {build.jobs.length > 0 ? (
        <>
          <dt>Wanted by</dt>
          <dd>
            {build.jobs.map((job) => (
              <div>
                <a href={`/evaluations/${job.evaluation}`}>
                  {job.specification}, evaluation {job.evaluation}
                </a>{' '}
                as {clipped(job.name)}
              </div>
            ))}
          </dd>
        </>
      ) : null}
    </dl>
  );
}

function Reproduce({ recipe }: { recipe: Recipe | null }) {
  const command = recipe ? reproduceCommand(recipe) : null;
  if (command === null) return null;
  return (
    <Section title="Build it yourself">
      <Command text={command} />
    </Section>
  );
}
