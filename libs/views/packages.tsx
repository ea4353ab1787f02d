/** Packages: which there are, and what can be downloaded of one, since when and until when. */
import type {
  AvailablePackage,
  PackageAnswer,
  PackagesAnswer,
  PackagesQuery,
} from '#protocol/api/package.js';
import { page } from './layout.js';
import { Empty, Revision, Status, Table, Time } from './parts.js';
import { bytes, plural } from './words.js';

export interface PackagesModel {
  readonly query: PackagesQuery;
  readonly packages: PackagesAnswer;
}

export function packagesPage({ query, packages }: PackagesModel): string {
  const { prefix } = query;
  const more = new URLSearchParams({ prefix, cursor: packages.next ?? '' });
  return page(
    {
      title: 'Packages',
      here: '/packages',
      json: `/api/v1/packages?${new URLSearchParams({ prefix })}`,
    },
    <>
      <h1>Packages</h1>
      <form action="/packages" class="filter">
        <label>
          Names that begin with <input type="search" name="prefix" value={prefix} />
        </label>{' '}
        <button>Show</button>
      </form>
      {packages.items.length === 0 ? (
        <Empty>No package is called so.</Empty>
      ) : (
        <ul class="plain columns">
          {packages.items.map(({ name }) => (
            <li>
              <a href={addressOf(name)}>{name}</a>
            </li>
          ))}
        </ul>
      )}
      {packages.next === null ? null : (
        <p>
          <a href={`/packages?${more}`}>More names</a>
        </p>
      )}
    </>,
  );
}

export function addressOf(name: string): string {
  return `/packages/${encodeURIComponent(name)}`;
}

export function packagePage({ name, bySystem }: PackageAnswer, now: Date): string {
  const available = bySystem.filter((one) => one.available !== null).length;
  const query = encodeURIComponent(`name:${name}`);
  return page(
    { title: name, here: '/packages', json: `/api/v1${addressOf(name)}` },
    <>
      <p class="crumbs">
        <a href="/packages">Packages</a> / {name}
      </p>
      <h1>{name}</h1>
      <p class="lead">
        Can be downloaded for {available} of {plural(bySystem.length, 'system')}
      </p>
      <Table
        caption={`What there is of ${name}`}
        head={[
          'System',
          'Newest build',
          'To download',
          'Size',
          'Since',
          'Kept at least until',
          'Commits',
        ]}
      >
        {bySystem.map(({ system, newest, available: there }) => (
          <tr>
            <td>{system}</td>
            <td>
              <Status status={newest.status} note={newest.reason} />{' '}
              <a href={`/builds/${newest.id}`}>{newest.name}</a>
            </td>
            {there ? <There there={there} now={now} /> : <td colSpan={5}>nothing yet</td>}
          </tr>
        ))}
      </Table>
      <p>
        <a href={`/search?query=${query}`}>All builds of it</a> · <a href="/use">How to use them</a>
      </p>
    </>,
  );
}

function There({ there, now }: { there: AvailablePackage; now: Date }) {
  const { build, name, size, closure, since, keptUntil, commits } = there;
  return (
    <>
      <td>
        <a href={`/builds/${build}`}>{name}</a>
      </td>
      <td>
        {bytes(size)}
        <div class="quiet">
          {closure.whole ? '' : 'at least '}
          {bytes(closure.size)} with all it needs
        </div>
      </td>
      <td>
        <Time at={since} now={now} />
      </td>
      <td>
        <Time at={keptUntil} now={now} />
      </td>
      <td>
        {commits.map(({ channel, revision, address }) => (
          <div>
            {channel}{' '}
            {address === null ? (
              <Revision revision={revision} />
            ) : (
              <a href={address}>
                <Revision revision={revision} />
              </a>
            )}
          </div>
        ))}
      </td>
    </>
  );
}
