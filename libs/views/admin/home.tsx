/** What needs a hand now, first what holds the farm back; then what was changed last. */
import type { ChainedEntry } from '#domain/access/audit-chain.js';
import { Section, Time } from '../parts.js';
import { Entries } from './audit.js';
import { deskPage, type Visit } from './desk.js';

/** `bad`: something stands still. `farm`: it will, or somebody waits. */
export interface Matter {
  readonly tone: 'bad' | 'farm';
  readonly text: string;
  readonly since: string | null;
  /** Where it is looked at or mended. */
  readonly address: string;
  readonly word: string;
}

export interface AdminHomeModel {
  readonly visit: Visit;
  readonly matters: readonly Matter[];
  /** Null: not for this visitor. */
  readonly entries: readonly ChainedEntry[] | null;
}

export function adminHomePage({ visit, matters, entries }: AdminHomeModel): string {
  return deskPage(
    { title: 'What needs a hand now', here: '/admin', visit, live: ['farm', 'workers'] },
    <>
      {matters.length === 0 ? (
        <p class="lead">Nothing: the farm does all that it can.</p>
      ) : (
        <ul class="matters">
          {matters.map((matter) => (
            <Line matter={matter} now={visit.now} />
          ))}
        </ul>
      )}
      {entries === null ? null : (
        <Section title="Changed last">
          {entries.length === 0 ? <p>Nothing was changed yet.</p> : null}
          {entries.length > 0 ? <Entries entries={entries} now={visit.now} /> : null}
        </Section>
      )}
    </>,
  );
}

function Line({ matter, now }: { matter: Matter; now: Date }) {
  const { tone, text, since, address, word } = matter;
  return (
    <li class={tone === 'bad' ? 'fault' : 'warning'}>
      <strong class={tone}>{tone === 'bad' ? 'Stands still: ' : 'Look at it: '}</strong>
      {text}
      {since === null ? null : (
        <>
          {' '}
          (since <Time at={since} now={now} />)
        </>
      )}{' '}
      <a href={address}>{word}</a>
    </li>
  );
}
