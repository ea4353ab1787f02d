import { describe, expect, it } from '@jest/globals';
import { SpecificationInput } from './specification.js';

const demo = {
  name: 'demo',
  backend: 'nix',
  channels: [{ name: 'demo', url: 'https://example.org/demo.git' }],
  selection: { file: 'release.nix' },
};

/** The pointers of the faults that a changed demo has. */
function faults(change: object): string[] {
  const read = SpecificationInput.safeParse({ ...demo, ...change });
  return read.success ? [] : read.error.issues.map((issue) => `/${issue.path.join('/')}`);
}

function channel(change: object): object {
  return { channels: [{ ...demo.channels[0], ...change }] };
}

describe('a specification', () => {
  it('needs little, and gets the defaults of the field', () => {
    expect(SpecificationInput.parse(demo)).toEqual({
      ...demo,
      channels: [{ ...demo.channels[0], branch: 'main' }],
      systems: ['x86_64-linux'],
      priority: 9,
      period: 300,
      share: 100,
      limits: {},
      active: true,
      superseded: 'keep',
      keep: 3,
    });
  });

  it.each([
    'ext::sh -c id',
    '--upload-pack=touch',
    'https://-oProxyCommand=x/',
    'git@example.org:demo.git',
    'file:relative',
    'https://example.org/a b',
    '',
  ])('does not take %j for an address', (url) => {
    expect(faults(channel({ url }))).toEqual(['/channels/0/url']);
  });

  it.each([
    'https://example.org/demo.git',
    'ssh://git@example.org:2222/demo.git',
    'file:///srv/channels/demo.git',
    'git://example.org/demo',
  ])('takes %j for an address', (url) => {
    expect(faults(channel({ url }))).toEqual([]);
  });

  it.each(['-h', '--upload-pack=x', 'a..b', 'a@{1}', 'a//b', '/a', 'a/', 'a.lock', 'a b', 'a:b'])(
    'does not take %j for a branch',
    (branch) => {
      expect(faults(channel({ branch }))).toEqual(['/channels/0/branch']);
    },
  );

  it.each(['../secret', '/etc/passwd', 'a/../../b', '.', 'a/.'])(
    'does not take %j for a file of a channel',
    (file) => {
      expect(faults({ selection: { file } })).toEqual(['/selection/file']);
    },
  );

  it('names the place of each fault', () => {
    expect(faults({ priority: 10, period: -1, share: 1.5 }).sort()).toEqual([
      '/period',
      '/priority',
      '/share',
    ]);
    expect(faults(channel({ commit: 'HEAD' }))).toEqual(['/channels/0/commit']);
    expect(faults({ selection: { channel: 'other', file: 'x' } })).toEqual(['/selection/channel']);
    expect(faults({ channels: [...demo.channels, ...demo.channels] })).toEqual([
      '/channels/1/name',
    ]);
  });
});
