/** How clients fetch what the farm has built: for each store its address, its keys, ready lines. */
import type { UseAnswer } from '#protocol/api/use.js';
import { page } from './layout.js';
import { Command, Empty, Section, Time } from './parts.js';
import { count, plural } from './words.js';

type UsedStore = UseAnswer['stores'][number];

const daySeconds = 86_400;

const kinds: Readonly<Record<UsedStore['kind'], string>> = {
  farm: 'What this farm has built.',
  untrusted:
    'What this farm has built for requests that nobody vouches for. ' +
    'Trust its key only where that does no harm.',
  pushed: 'What holders of tokens have pushed.',
};

export function usePage({ stores }: UseAnswer, now: Date): string {
  return page(
    { title: 'Use its substitutes', here: '/use', json: '/api/v1/use' },
    <>
      <h1>Use its substitutes</h1>
      <p class="lead">Instead of building yourself, download what was built here and is signed.</p>
      <p>
        <a href="/search">Look for a package</a>, or see{' '}
        <a href="/">how much of each system is there</a>. Nobody needs an account, and nothing is
        fetched from elsewhere.
      </p>
      {stores.length === 0 ? <Empty>No store of this farm is open to everybody.</Empty> : null}
      {stores.map((store) => (
        <StoreLines store={store} now={now} />
      ))}
    </>,
  );
}

function StoreLines({ store, now }: { store: UsedStore; now: Date }) {
  const { dir, slug, kind, address, keys, ttlSeconds, lines } = store;
  return (
    <Section title={`${dir} (${slug})`}>
      <p>{kinds[kind]}</p>
      <dl>
        <dt>Address</dt>
        <dd>
          <a href={`${address}/nix-cache-info`}>{address}</a>
        </dd>
        <Answering store={store} now={now} />
        <dt>Stays</dt>
        <dd>{stays(ttlSeconds)}</dd>
        <Standing store={store} now={now} />
        {keys.map(({ text, fingerprint }) => (
          <>
            <dt>Key</dt>
            <dd>
              <code>{text.replaceAll(/\s+/g, ' ').trim()}</code>
              <div class="quiet">
                SHA-256 of the line or file: <code>{fingerprint}</code>
              </div>
            </dd>
          </>
        ))}
      </dl>
      {keys.length > 1 ? (
        <p>
          The farm signs with several keys, as it does while it changes from one to another: trust
          all of them, and the change costs you nothing.
        </p>
      ) : null}
      {keys.length === 0 ? (
        <Empty>The substituter has not told its key yet. It does when it runs.</Empty>
      ) : null}
      {lines.length === 0 ? (
        <p class="quiet">The workers of the farm alone read this store.</p>
      ) : null}
      {lines.map(({ title, place, text }) => (
        <>
          <h3>
            {title} {place === 'shell' ? null : <span class="quiet">in {place}</span>}
          </h3>
          <Command text={text} />
        </>
      ))}
    </Section>
  );
}

/** As the farm's own api finds it: the way from the reader to it may be another. */
function Answering({ store: { answering }, now }: { store: UsedStore; now: Date }) {
  if (answering === undefined) return null;
  return (
    <>
      <dt>Now</dt>
      <dd>
        {answering === null ? (
          'nobody has asked it yet'
        ) : (
          <>
            {answering.answers
              ? `answers, in ${answering.milliseconds} ms`
              : `does not answer: ${answering.fault ?? 'nobody knows why'}`}
            <span class="quiet">
              , asked <Time at={answering.askedAt} now={now} />
            </span>
          </>
        )}
      </dd>
    </>
  );
}

/** When something came last, and what was found broken of what is there. */
function Standing({ store: { standing }, now }: { store: UsedStore; now: Date }) {
  if (!standing) return null;
  const { offeredAt, broken, withdrawn, brokenAt } = standing;
  return (
    <>
      <dt>Came last</dt>
      <dd>{offeredAt === null ? 'nothing yet' : <Time at={offeredAt} now={now} />}</dd>
      <dt>Incidents</dt>
      <dd>
        {broken === 0 ? (
          'nothing found broken in the last 30 days'
        ) : (
          <>
            {count(broken)} found broken in the last 30 days, {count(withdrawn)} of them withdrawn;
            the last <Time at={brokenAt} now={now} />
          </>
        )}
      </dd>
    </>
  );
}

/** Whole days are the custom; anything less is told in hours. */
function stays(seconds: number): string {
  const days = Math.floor(seconds / daySeconds);
  const time = days > 0 ? plural(days, 'day') : plural(Math.floor(seconds / 3600), 'hour');
  return `at least ${time} after it was offered, and while it is read`;
}
