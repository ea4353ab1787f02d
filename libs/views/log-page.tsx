/**
 * The page of one log. Without scripts: pages of a thousand lines, a search, phases and the raw
 * text, each one address away. With them (client/log-page.ts): one window over all of its lines.
 */
import type { EventTopic } from '#protocol/api/events.js';
import type { LogFound, LogLine, LogLines, LogPhases } from '#protocol/api/log.js';
import { page } from './layout.js';
import { LogRows } from './log-lines.js';
import { Status } from './parts.js';
import type { StatusWord } from './statuses.js';
import { bytes, count, duration, plural } from './words.js';

/** What a page without scripts shows at once. */
export const pageLines = 1000;
/** What a page shows first, the end of the log. */
export const tailLinesAtMost = 300;
const listedErrors = 20;

export interface LogAttempt {
  readonly id: string;
  readonly number: number;
  readonly status: StatusWord;
  readonly reason: string | null;
}

export interface LogSearched {
  readonly q: string;
  readonly regex: boolean;
  readonly case: boolean;
  /** Or why there is no answer. */
  readonly found: LogFound | string;
  readonly lines: readonly LogLine[];
}

export interface LogPageModel {
  readonly kind: 'builds' | 'evaluations';
  readonly id: string;
  readonly name: string;
  readonly status: StatusWord;
  readonly reason: string | null;
  /** Of a build, the first one first. */
  readonly attempts: readonly LogAttempt[];
  readonly log: LogLines;
  /** Null while they are still looked for. */
  readonly phases: LogPhases | null;
  /** The line asked for; null for the end. */
  readonly from: number | null;
  readonly searched: LogSearched | null;
}

interface Addresses {
  /** Of this page, with its attempt. */
  readonly page: string;
  readonly api: string;
  /** `?attempt=7`, or nothing. */
  readonly attempt: string;
}

export function logPage(model: LogPageModel): string {
  const at = addressesOf(model);
  const { log, phases } = model;
  const topic = `${model.kind === 'builds' ? 'build' : 'evaluation'}/${model.id}` as const;
  const live: EventTopic[] = log.ended ? [] : [topic];
  return page(
    {
      title: `Log of ${model.name}`,
      state: model.status,
      json: `${at.api}/lines${at.attempt}`,
      live,
      scripts: ['log-page'],
      sheets: ['log'],
      keys: [
        ['f', 'next error'],
        ['n', 'next match'],
        ['p', 'match before'],
        ['e', 'end of the log'],
        ['b', 'beginning of the log'],
        ['t', 'wrap long lines'],
      ],
    },
    <>
      <p class="crumbs">
        <a href={`/${model.kind}/${model.id}`}>
          {model.kind === 'builds' ? model.name : `evaluation ${model.id} of ${model.name}`}
        </a>{' '}
        / log
      </p>
      <h1>Log of {model.kind === 'builds' ? model.name : `evaluation ${model.id}`}</h1>
      <p class="lead">
        <Status status={model.status} note={model.reason} /> <Size log={log} />
      </p>
      <Attempts model={model} />
      <Tools model={model} at={at} />
      <div id="log-known" data-known={phases === null ? undefined : 'yes'}>
        {phases === null ? <Looking /> : <Phases phases={phases} at={at} />}
      </div>
      <Found searched={model.searched} at={at} />
      <Lines model={model} at={at} />
      <Fresh />
      <Pages model={model} at={at} />
      <p class="unseen" role="status" id="log-said" data-keep />
    </>,
  );
}

function addressesOf({ kind, id, log }: LogPageModel): Addresses {
  const attempt = log.attempt === null ? '' : `?attempt=${log.attempt}`;
  const base = `/${kind}/${id}/log`;
  return { page: `${base}${attempt}`, api: `/api/v1${base}`, attempt };
}

/** With one more parameter. */
function withQuery(address: string, query: string): string {
  return `${address}${address.includes('?') ? '&' : '?'}${query}`;
}

function Size({ log }: { log: LogLines }) {
  return (
    <span class="quiet">
      {plural(log.total, 'line')}, {bytes(log.bytes)}
      {log.ended ? '' : ', still growing'}
    </span>
  );
}

function Attempts({ model: { attempts, log, kind, id } }: { model: LogPageModel }) {
  if (attempts.length < 2) return null;
  return (
    <nav aria-label="Attempts" class="log-tools">
      {attempts.map((attempt) => (
        <a
          href={`/${kind}/${id}/log?attempt=${attempt.id}`}
          aria-current={attempt.id === log.attempt ? 'page' : undefined}
        >
          Attempt {attempt.number} <Status status={attempt.status} note={attempt.reason} />
        </a>
      ))}
    </nav>
  );
}

function Tools({ model: { searched, log, kind, id }, at }: { model: LogPageModel; at: Addresses }) {
  const hidden =
    log.attempt === null ? null : <input type="hidden" name="attempt" value={log.attempt} />;
  return (
    <div class="log-tools" id="log-tools" data-keep>
      <form role="search" aria-label="This log" action={`/${kind}/${id}/log`} id="log-search">
        {hidden}
        <input
          type="search"
          name="q"
          required
          maxlength={500}
          value={searched?.q}
          aria-label="Search all of this log"
          placeholder="Search all of this log"
        />
        <label title="Capitals differ from small letters">
          <input type="checkbox" name="case" value="true" checked={searched?.case} /> Aa
        </label>
        <label title="Regular expression">
          <input type="checkbox" name="regex" value="true" checked={searched?.regex} /> .*
        </label>
        <button>Search</button>
        <span class="log-where" role="status" id="log-where" />
      </form>
      <form action={`/${kind}/${id}/log`} id="log-go">
        {hidden}
        <label>
          Line <input type="number" name="from" min={1} max={Math.max(1, log.total)} required />
        </label>
        <button>Go</button>
      </form>
      <span id="log-buttons" />
      <a href={`${at.api}${at.attempt}`}>Raw</a>
      <a href={withQuery(`${at.api}${at.attempt}`, 'download=true')}>Download</a>
    </div>
  );
}

/** With scripts, what is found comes by itself. */
function Looking() {
  return (
    <p class="quiet" id="log-looking">
      This log is being read for the first time: its phases, and the lines that tell an error, are
      told in a moment.
    </p>
  );
}

function Phases({ phases: { phases, errors, errorCount }, at }: PhasesProps) {
  const to = (line: number): string =>
    `${withQuery(at.page, `from=${Math.max(1, line)}`)}#L${line}`;
  return (
    <>
      {errors.length > 0 ? (
        <details class="log-phases">
          <summary>
            {count(errorCount)} {errorCount === 1 ? 'line tells' : 'lines tell'} an error
          </summary>
          <ol>
            {errors.slice(0, listedErrors).map((line) => (
              <li>
                <a href={to(line)} data-line={line}>
                  line {count(line)}
                </a>
              </li>
            ))}
          </ol>
        </details>
      ) : null}
      {phases.length > 0 ? (
        <details class="log-phases">
          <summary>{phases.length === 1 ? 'One phase' : `${phases.length} phases`}</summary>
          <ol>
            {phases.map((phase) => (
              <li>
                <a href={to(phase.from)} data-line={phase.from}>
                  {phase.name}
                </a>{' '}
                <span class="quiet">
                  {phase.outcome === 'succeeded' ? '' : (phase.outcome ?? 'did not end')}{' '}
                  {phase.seconds === null ? '' : duration(phase.seconds)}
                </span>
              </li>
            ))}
          </ol>
        </details>
      ) : null}
    </>
  );
}

interface PhasesProps {
  readonly phases: LogPhases;
  readonly at: Addresses;
}

/** For readers without scripts: the first lines that match, each with its own address. */
function Found({ searched, at }: { searched: LogSearched | null; at: Addresses }) {
  if (searched === null) return null;
  const { found, lines, q } = searched;
  if (typeof found === 'string') return <p class="warning">{found}</p>;
  return (
    <section id="log-found" data-keep>
      <h2>
        {found.total === 0
          ? `No line has “${q}”`
          : `${count(found.total)} ${found.total === 1 ? 'line has' : 'lines have'} “${q}”`}
      </h2>
      <ol class="plain">
        {lines.map((line) => (
          <li>
            <a href={`${withQuery(at.page, `from=${line.number}`)}#L${line.number}`}>
              {line.number}
            </a>{' '}
            <code class="break">{line.text.slice(0, 300)}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Lines({ model: { log, phases, kind, id }, at }: { model: LogPageModel; at: Addresses }) {
  if (log.expired) {
    return (
      <p class="warning">
        This log was removed: logs are kept as long as <a href="/use">what is kept</a> says. The
        build itself is still known.
      </p>
    );
  }
  if (log.total === 0 && log.ended) return <p class="empty">The log is empty.</p>;
  return (
    <div
      class="lines"
      id="lines"
      tabindex={0}
      role="log"
      aria-live="off"
      aria-label="Log"
      data-keep
      data-api={at.api}
      data-attempt={log.attempt ?? undefined}
      data-total={log.total}
      data-stream={kind === 'builds' && !log.ended ? streamOf(id, log) : undefined}
      data-grows={kind === 'evaluations' && !log.ended ? true : undefined}
    >
      <div class="drawn">
        <LogRows
          lines={log.lines}
          errors={new Set(phases?.errors)}
          raw={withQuery(`${at.api}${at.attempt}`, 'lines=')}
        />
      </div>
    </div>
  );
}

/** For scripts alone, which show it. */
function Fresh() {
  return <button type="button" class="log-new" id="log-fresh" hidden data-keep />;
}

function streamOf(id: string, log: LogLines): string {
  const attempt = log.attempt === null ? '' : `&attempt=${log.attempt}`;
  return `/api/v1/builds/${id}/log/stream?format=lines${attempt}`;
}

/** Pages of a thousand lines, for readers without scripts. */
function Pages({ model: { log, from }, at }: { model: LogPageModel; at: Addresses }) {
  const first = log.lines.at(0)?.number ?? from ?? 1;
  const last = log.lines.at(-1)?.number ?? first;
  if (first <= 1 && last >= log.total) return null;
  const to = (line: number): string => withQuery(at.page, `from=${Math.max(1, line)}`);
  return (
    <nav class="pages" aria-label="Pages of the log" id="log-pages" data-keep>
      {first > 1 ? <a href={to(1)}>First lines</a> : null}
      {first > 1 ? <a href={to(first - pageLines)}>Lines before</a> : null}
      <span class="quiet">
        {count(first)}–{count(last)} of {count(log.total)}
      </span>
      {last < log.total ? <a href={to(last + 1)}>Lines after</a> : null}
      {last < log.total ? <a href={at.page}>Last lines</a> : null}
    </nav>
  );
}
