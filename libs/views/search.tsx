/** Builds that somebody looked for, the newest first. */
import type { BuildSummary } from '#protocol/api/build.js';
import { page } from './layout.js';
import { buildHead, BuildRows, Empty, Table } from './parts.js';
import { plural } from './words.js';

export interface SearchModel {
  readonly query: string;
  readonly builds: readonly BuildSummary[];
  /** Whether there may be more than these. */
  readonly cut: boolean;
  readonly now: Date;
}

export function searchPage({ query, builds, cut, now }: SearchModel): string {
  return page(
    { title: `${query} · Search` },
    <>
      <h1>Search</h1>
      <form action="/search">
        <label>
          Builds <input type="search" name="query" value={query} />
        </label>{' '}
        <button>Search</button>
      </form>
      <p class="quiet">
        The beginning of a name, and <code>spec:NAME</code>, <code>system:SYSTEM</code>,{' '}
        <code>status:success</code> (or failed, failed-dependency, failed-other, canceled).
      </p>
      {builds.length === 0 ? (
        <Empty>No build found.</Empty>
      ) : (
        <>
          <p class="lead">{cut ? `The newest ${builds.length}` : plural(builds.length, 'build')}</p>
          <Table head={[...buildHead]}>
            <BuildRows builds={builds} now={now} />
          </Table>
        </>
      )}
    </>,
  );
}
