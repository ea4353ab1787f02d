/** The variables of Guix's `(guix channels)` that specification files name. */
import { type Position, string, symbol } from '#formats/scheme.js';
import type { RecordValue, Value } from './value.js';

/** The channel of Guix itself, as `guix describe` tells it since 2025. */
export const defaultGuixChannel = {
  name: 'guix',
  url: 'https://git.guix.gnu.org/guix.git',
  branch: 'master',
  introduction: {
    commit: '9edb3f66fd807b096b48283debdcddccfea34bad',
    fingerprint: 'BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA',
  },
} as const;

function guixChannel(at: Position): RecordValue {
  const { name, url, branch, introduction } = defaultGuixChannel;
  const introduced: RecordValue = {
    kind: 'record',
    type: 'channel-introduction',
    fields: new Map<string, Value>([
      ['commit', string(introduction.commit, at)],
      ['fingerprint', string(introduction.fingerprint, at)],
    ]),
    at,
  };
  const fields = new Map<string, Value>([
    ['name', symbol(name, at)],
    ['url', string(url, at)],
    ['branch', string(branch, at)],
    ['introduction', introduced],
  ]);
  return { kind: 'record', type: 'channel', fields, at };
}

/** Each as it stands where it is named. */
export const knownVariables: ReadonlyMap<string, (at: Position) => Value> = new Map([
  ['%default-guix-channel', guixChannel],
  ['%default-channels', (at: Position): Value => ({ kind: 'list', items: [guixChannel(at)], at })],
  ['%default-channel-url', (at: Position): Value => string(defaultGuixChannel.url, at)],
]);
