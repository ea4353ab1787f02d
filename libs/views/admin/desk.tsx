/**
 * The frame of the pages below /admin: who is signed in, where to go, and what was just done. Forms
 * carry the visitor's token against forged requests; what a visitor may not do is not offered.
 */
import type { ComponentChildren, VNode } from 'preact';
import { may, type Action, type Actor } from '#domain/access/actor.js';
import type { EventTopic } from '#protocol/api/events.js';
import { page } from '../layout.js';
import { plural } from '../words.js';
import { toldOf, type Told } from './told.js';

/** Whom a page is drawn for. */
export interface Visit {
  readonly actor: Actor;
  /** Goes back with every form of the page. */
  readonly csrf: { readonly name: string; readonly value: string };
  readonly told: Told | null;
  readonly now: Date;
  /** Until the visitor's certificate runs out; null where that is not known, or there is none. */
  readonly certificateDays: number | null;
}

/** The entries of the navigation, each with what one must be allowed to see of it. */
const entries: readonly (readonly [address: string, word: string, action: Action])[] = [
  ['/admin', 'Now', 'admin.see'],
  ['/admin/specifications', 'Specifications', 'admin.see'],
  ['/admin/repositories', 'Repositories', 'admin.see'],
  ['/admin/evaluations', 'Evaluations', 'admin.see'],
  ['/admin/workers', 'Workers', 'admin.see'],
  ['/admin/stores', 'Stores', 'retention.manage'],
  ['/admin/keys', 'Keys', 'admin.see'],
  ['/admin/garbage', 'Garbage', 'garbage.collect'],
  ['/admin/forges', 'Forges', 'forge.manage'],
  ['/admin/notifications', 'Notifications', 'notification.manage'],
  ['/admin/tokens', 'Tokens', 'token.manage'],
  ['/admin/audit', 'Audit', 'audit.read'],
  ['/admin/settings', 'Settings', 'audit.read'],
];

export type AdminPlace = (typeof entries)[number][0];

export interface DeskFrame {
  readonly title: string;
  readonly here: AdminPlace;
  readonly visit: Visit;
  /** A page without a form may follow the farm while it is open. */
  readonly live?: readonly EventTopic[];
}

export function deskPage({ title, here, visit, live = [] }: DeskFrame, body: VNode): string {
  const { actor, told } = visit;
  const seen = entries.filter(([, , action]) => may(actor, action));
  return page(
    { title: `${title} · administration`, sheets: ['admin'], live },
    <>
      <div class="desk">
        <nav aria-label="Administration">
          {seen.map(([address, word]) => (
            <a href={address} aria-current={address === here ? 'page' : undefined}>
              {word}
            </a>
          ))}
        </nav>
        <p class="quiet">
          {signedIn(actor)}
          <GoodFor days={visit.certificateDays} />
        </p>
      </div>
      <h1>{title}</h1>
      {told === null ? null : <ToldLine told={told} />}
      {body}
    </>,
  );
}

function ToldLine({ told }: { told: Told }) {
  const { text, address } = toldOf(told);
  return (
    <p class="told" role="status">
      {text} {address === null ? null : <a href={address}>How far that has come</a>}
    </p>
  );
}

const ways: Readonly<Record<Actor['via'], string>> = {
  'admin-token': 'by the admin token',
  token: 'by a token',
  certificate: 'by a certificate',
  proxy: 'by the proxy',
  anonymous: 'unknown',
};

function signedIn({ name, via, role, specifications }: Actor): string {
  const bound = specifications === 'all' ? '' : ` of ${specifications.join(', ') || 'nothing'}`;
  return `${name}, ${ways[via]}: ${role}${bound}`;
}

const soonDays = 30;

/** Who has few days left must do something about it; the others need not think of it. */
function GoodFor({ days }: { days: number | null }) {
  if (days === null) return null;
  const text = `, good for ${plural(days, 'more day')}`;
  return days > soonDays ? <>{text}</> : <strong>{text}: have it renewed</strong>;
}

interface PostProps {
  readonly visit: Visit;
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
}

/** A form that changes something. */
export function Post({ visit, to, children, class: name }: PostProps) {
  return (
    <form method="post" action={to} class={name}>
      <Token visit={visit} />
      {children}
    </form>
  );
}

export function Token({ visit: { csrf } }: { visit: Visit }) {
  return <input type="hidden" name={csrf.name} value={csrf.value} />;
}

interface DoProps {
  readonly visit: Visit;
  readonly to: string;
  readonly word: string;
  /** Tells buttons of the same word apart: who hears the page hears this too. */
  readonly of: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** One button that does one thing at once. */
export function Do({ visit, to, word, of, fields = {} }: DoProps) {
  return (
    <Post visit={visit} to={to} class="do">
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button aria-label={`${word} ${of}`}>{word}</button>
    </Post>
  );
}

/** What is said to who may look and not touch. */
export function NotYours({ what }: { what: string }) {
  return <p class="quiet">Your role does not let you {what}.</p>;
}
