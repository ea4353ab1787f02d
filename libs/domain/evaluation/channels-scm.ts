/**
 * The file that does an evaluation again: `channels.scm`, as `guix describe -f channels` prints it
 * and `guix time-machine -C` reads it. Passwords in addresses are left out.
 */
import { form, printScheme, quoted, string, symbol, type Datum } from '#formats/scheme.js';
import { withoutCredentials } from '../specification/channel-grammar.js';
import type { ChannelIntroduction } from '../specification/specification.js';
import type { ChannelRevision } from './revisions.js';

interface Listed {
  readonly channel: string;
  readonly via?: string | null | undefined;
}

/** Ends with a line feed. */
export function printChannels(checkouts: readonly ChannelRevision[]): string {
  return `${printScheme(form('list', ...inGuixOrder(checkouts).map(channelForm)))}\n`;
}

/**
 * Guix reads its list from the front, and looks for whatever a channel pulls in right behind it,
 * at the head of its branch; unless it has seen that name at a commit before. So those that others
 * pull in stand before them, the deepest first, and `guix` before all.
 */
export function inGuixOrder<T extends Listed>(checkouts: readonly T[]): T[] {
  const guix = checkouts.filter(({ channel }) => channel === 'guix');
  const others = checkouts.filter(({ channel }) => channel !== 'guix');
  const pulled = others.filter(({ via }) => typeof via === 'string').reverse();
  return [...guix, ...pulled, ...others.filter((one) => !pulled.includes(one))];
}

function channelForm(checkout: ChannelRevision): Datum {
  const { channel, url, branch, revision, introduction } = checkout;
  return form(
    'channel',
    form('name', quoted(symbol(channel))),
    form('url', string(withoutCredentials(url))),
    form('branch', string(branch)),
    form('commit', string(revision)),
    ...(introduction ? [form('introduction', introductionForm(introduction))] : []),
  );
}

function introductionForm({ commit, fingerprint }: ChannelIntroduction): Datum {
  const signer = form('openpgp-fingerprint', string(grouped(fingerprint)));
  return form('make-channel-introduction', string(commit), signer);
}

/** As people compare fingerprints: ten groups, with a gap in the middle. */
function grouped(fingerprint: string): string {
  const groups = fingerprint.match(/.{1,4}/g) ?? [];
  return [groups.slice(0, 5).join(' '), groups.slice(5).join(' ')].filter(Boolean).join('  ');
}
