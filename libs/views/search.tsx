/** Builds that somebody looked for, the newest first, and the language to look for them in. */
import type { QueryError } from '#domain/search/build-query.js';
import type { BuildSummary } from '#protocol/api/build.js';
import { page } from './layout.js';
import { buildHead, BuildRows, Empty, Section, Table } from './parts.js';
import { plural } from './words.js';

export interface SearchModel {
  readonly query: string;
  /** What is wrong with the query; then nothing was looked for. */
  readonly error: QueryError | null;
  /** Null when nothing was asked for. */
  readonly builds: readonly BuildSummary[] | null;
  /** Where to go on; null at the end. */
  readonly next: string | null;
  readonly now: Date;
}

export function searchPage({ query, error, builds, next, now }: SearchModel): string {
  const json = query.trim() === '' ? '' : `?q=${encodeURIComponent(query)}`;
  return page(
    { title: query === '' ? 'Search' : `${query} · Search`, json: `/api/v1/builds${json}` },
    <>
      <h1>Search</h1>
      <form action="/search" role="search" aria-label="Builds" class="filter">
        <label>
          Builds{' '}
          <input
            type="search"
            name="query"
            value={query}
            size={40}
            aria-invalid={error ? 'true' : undefined}
            aria-describedby={error ? 'query-error' : undefined}
          />
        </label>{' '}
        <button>Search</button>
      </form>
      {error ? <Wrong query={query} error={error} /> : null}
      {builds ? <Found builds={builds} query={query} next={next} now={now} /> : null}
      <Language open={builds === null} />
    </>,
  );
}

function Wrong({ query, error }: { query: string; error: QueryError }) {
  const before = query.slice(0, error.column - 1);
  return (
    <div id="query-error" class="fault">
      <p>
        <strong>Not understood:</strong> {error.message}, at character {error.column}.
      </p>
      <pre>
        {before}
        <mark>{query.slice(error.column - 1) || ' '}</mark>
      </pre>
    </div>
  );
}

type FoundProps = Pick<SearchModel, 'query' | 'next' | 'now'> & {
  readonly builds: readonly BuildSummary[];
};

function Found({ builds, query, next, now }: FoundProps) {
  const more = `/search?query=${encodeURIComponent(query)}&cursor=${next}`;
  return (
    <>
      {builds.length === 0 ? (
        <Empty>
          {next === null ? 'No build found.' : 'None of the newest builds is such a one.'}
        </Empty>
      ) : (
        <>
          <p class="lead">
            {next === null ? plural(builds.length, 'build') : `The newest ${builds.length}`}
          </p>
          <Table head={buildHead}>
            <BuildRows builds={builds} now={now} />
          </Table>
        </>
      )}
      {next === null ? null : (
        <p>
          <a href={more}>Look at older builds</a>
        </p>
      )}
    </>
  );
}

const examples: readonly (readonly [string, string])[] = [
  ['emacs', 'names that begin so'],
  ['emacs-*-minimal', 'whole names, * stands for anything'],
  ['spec:master status:failed', 'of a specification, with a status'],
  [
    'status:broken,canceled since:2d',
    'either of these, of the last two days (m, h, d, w, or a day)',
  ],
  ['system:aarch64-linux -name:rust-*', 'for a system, but for some names'],
  ['maintainer:"Ada Lovelace" status:failed', 'whose job names that maintainer'],
  ['status:running', 'running, waiting, success and broken stand for several statuses'],
];

function Language({ open }: { open: boolean }) {
  return (
    <Section title="What can be asked">
      <details open={open}>
        <summary>Words, and KEY:VALUE with spec, system, status, maintainer, since, name</summary>
        <dl class="examples">
          {examples.map(([query, told]) => (
            <>
              <dt>
                <a href={`/search?query=${encodeURIComponent(query)}`}>
                  <code>{query}</code>
                </a>
              </dt>
              <dd>{told}</dd>
            </>
          ))}
        </dl>
        <p class="quiet">
          A minus before a term means "not". Terms must all hold; values with commas, and a key said
          again, are alternatives.
        </p>
      </details>
    </Section>
  );
}
