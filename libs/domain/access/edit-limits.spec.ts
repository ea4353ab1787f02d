/** What whoever is bound to specifications cannot lend himself. */
import { describe, expect, it } from '@jest/globals';
import type { Specification } from '../specification/specification.js';
import { faultsOfEdit } from './edit-limits.js';

const main = { name: 'main', url: 'https://git.example.org/ours.git', branch: 'main' };
const standing = {
  ...{ name: 'ours', backend: 'nix', selection: { file: 'ci.nix' }, trust: 'untrusted' },
  channels: [
    { ...main, credential: 'ours' },
    { ...main, name: 'local', url: 'file:///srv/ours.git' },
  ],
  notifications: [{ type: 'webhook', url: 'https://chat.example.org/', secret: 'chat' }],
} as unknown as Specification;
const bound = { specifications: ['ours'] };

function faults(wanted: object, actor: Parameters<typeof faultsOfEdit>[0] = bound): string[] {
  const edited = { ...standing, ...wanted } as Specification;
  return faultsOfEdit(actor, standing, edited).map(({ pointer }) => pointer);
}

const evil = 'https://evil.example.net/ours.git';
const hook = { type: 'webhook', url: evil };
const edits: readonly (readonly [what: string, wanted: object, at: readonly string[]])[] = [
  ['what stands', {}, []],
  ['a branch', { channels: [{ ...standing.channels[0], branch: 'next' }] }, []],
  ['another address without a credential', { channels: [{ ...main, url: evil }] }, []],
  ['the credential let go', { channels: [main] }, []],
  ['a priority', { priority: 1 }, []],
  ['a receiver without a secret', { notifications: [hook] }, []],
  [
    'the credential at another address',
    { channels: [{ ...main, url: evil, credential: 'ours' }] },
    ['/channels/0/credential'],
  ],
  [
    'another credential',
    { channels: [standing.channels[1], { ...main, credential: 'theirs' }] },
    ['/channels/1/credential'],
  ],
  ['a file', { channels: [{ ...main, url: 'file:///srv/x.git' }] }, ['/channels/0/url']],
  ['a key of ssh', { channels: [{ ...main, url: 'ssh://git@x/y' }] }, ['/channels/0/url']],
  ['trust', { trust: undefined }, ['/trust']],
  [
    'a secret at another receiver',
    { notifications: [{ ...hook, secret: 'chat' }] },
    ['/notifications/0/secret'],
  ],
];

describe('an edit by whoever is bound to specifications', () => {
  it.each(edits)('of %s', (_what, wanted, at) => {
    expect(faults(wanted)).toEqual(at);
    expect(faults(wanted, { specifications: 'all' })).toEqual([]);
  });

  it('of one that is not there brings no credential', () => {
    expect(faultsOfEdit(bound, null, standing)).toHaveLength(3);
  });
});
