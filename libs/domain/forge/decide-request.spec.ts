import { describe, expect, it } from '@jest/globals';
import { id, type ForgeId } from '../ids.js';
import type { Specification } from '../specification/specification.js';
import { decideRequest, type RequestFacts, type StandingRequest } from './decide-request.js';
import type { RequestEvent } from './forge-event.js';
import { movedChannel } from './request-specification.js';
import type { RequestTemplate } from './request-template.js';

const first = '1'.repeat(40);
const second = '2'.repeat(40);

const model: Specification = {
  ...{ name: 'packages', backend: 'guix', selection: { set: 'all' }, systems: ['x86_64-linux'] },
  ...{ priority: 3, period: 60, share: 100, limits: { timeoutSeconds: 9 }, active: true, keep: 7 },
  channels: [
    { name: 'guix', url: 'https://git.guix.example/guix.git', branch: 'master' },
    {
      ...{ name: 'own', url: 'ssh://git@forge.example:2222/Example/Channel.git', branch: 'main' },
      introduction: { commit: first, fingerprint: 'A'.repeat(40) },
      credential: 'deploy-key',
    },
  ],
  notifications: [{ type: 'email', from: 'a@x', to: 'b@x', server: 'smtp://x' }],
};

const template: RequestTemplate = {
  ...{ id: 1, forge: id<ForgeId>(1), repository: 'example/channel', specification: 'packages' },
  ...{ admits: 'everyone', label: null, allowed: [], requestsAtMost: 2 },
  ...{ priority: 9, maxRunning: 4, expiryHours: 24 },
};

const event: RequestEvent = {
  ...{ kind: 'request', number: 12, happened: 'opened', base: 'main', author: 'bob' },
  repository: {
    name: 'example/channel',
    addresses: ['https://forge.example/example/channel.git'],
  },
  head: {
    ...{ address: 'https://forge.example/bob/channel.git', sameRepository: false },
    ...{ branch: 'update', revision: first },
  },
  ...{ collaborator: false, labels: [], updatedAt: '2026-11-20T11:00:00Z' },
};
const own = { ...event, head: { ...event.head!, sameRepository: true }, collaborator: true };

const standing: StandingRequest = {
  ...{ state: 'open', revision: first, updatedAt: new Date('2026-11-20T11:00:00Z') },
};

const facts: RequestFacts = {
  ...{ forge: { address: 'https://forge.example' }, event, template, model, standing: null },
  open: 0,
};

function told(more: Partial<RequestEvent>, others: Partial<RequestFacts> = {}) {
  return decideRequest({ ...facts, ...others, event: { ...event, ...more } });
}

describe('the specification of a pull request', () => {
  it('is untrusted, told nobody, and has the commit of a fork without any secret', () => {
    const step = decideRequest(facts);
    const { notifications: _, ...rest } = model;
    expect(step).toEqual({
      ...{ kind: 'open', anew: true },
      specification: {
        ...{ ...rest, name: 'packages-pr-12', trust: 'untrusted', superseded: 'cancel', keep: 1 },
        ...{ priority: 9, maxRunning: 4, period: 604_800, active: true },
        channels: [
          model.channels[0],
          {
            ...{ name: 'own', url: 'https://forge.example/bob/channel.git', branch: 'update' },
            commit: first,
          },
        ],
      },
    });
    expect(JSON.stringify(step)).not.toMatch(/deploy-key|smtp/);
  });

  it('of the repository itself keeps the way to it', () => {
    const step = decideRequest({ ...facts, event: own });
    expect(step).toMatchObject({
      specification: {
        trust: 'untrusted',
        channels: [{}, { ...model.channels[1], branch: 'update', commit: first }],
      },
    });
  });

  it('is untrusted even when its model says otherwise, and active when that is not', () => {
    const trusted = { ...model, trust: 'trusted', active: false } as const;
    const step = decideRequest({ ...facts, model: trusted, event: own });
    expect(step).toMatchObject({ specification: { trust: 'untrusted', active: true } });
  });

  it.each([
    ['a credential', { credential: 'token' }],
    ['a password', { url: 'https://me:secret@git.guix.example/guix.git' }],
    ['a key of ssh', { url: 'ssh://git@git.guix.example/guix.git' }],
  ])('of a fork is none where another channel needs %s', (_, more) => {
    const secretive = {
      ...model,
      channels: [{ ...model.channels[0]!, ...more }, model.channels[1]!],
    };
    const refused = {
      kind: 'nothing',
      refused: true,
      why: expect.stringMatching('needs a secret'),
    };
    expect(decideRequest({ ...facts, model: secretive })).toEqual(refused);
    expect(decideRequest({ ...facts, model: secretive, event: own }).kind).toBe('open');
  });
});

describe('a pull request', () => {
  it.each([
    ['for another branch', { base: 'wip' }, 'no channel of packages follows'],
    ['of a repository that is gone', { head: null }, 'is gone'],
    [
      'of a repository elsewhere',
      { head: { ...event.head!, address: 'http://10.0.0.1/bob/channel' } },
      'not of this forge',
    ],
    [
      'with a branch that is an option',
      { head: { ...event.head!, branch: '--upload-pack=x' } },
      'not a git branch name',
    ],
  ])('%s is refused', (_, more, why) => {
    expect(told(more)).toEqual({
      ...{ kind: 'nothing', refused: true, why: expect.stringContaining(why) },
    });
  });

  it('is let in by what its template says', () => {
    const by = (more: Partial<RequestTemplate>, of: Partial<RequestEvent> = {}) =>
      told(of, { template: { ...template, ...more } }).kind;
    expect(by({ admits: 'collaborators' })).toBe('nothing');
    expect(by({ admits: 'collaborators' }, { collaborator: true })).toBe('open');
    expect(by({ admits: 'collaborators', allowed: ['bob'] })).toBe('open');
    expect(by({ admits: 'label', label: 'build' })).toBe('nothing');
    expect(by({ admits: 'label', label: 'build' }, { labels: ['x', 'build'] })).toBe('open');
    expect(by({ admits: 'label', label: 'build' }, { collaborator: true })).toBe('nothing');
    expect(by({ admits: 'everyone' })).toBe('open');
  });

  it('that has lost its label loses its specification, and gets it back', () => {
    const labeled = { template: { ...template, admits: 'label', label: 'build' } } as const;
    const ended = told({ happened: 'changed' }, { ...labeled, standing });
    expect(ended).toMatchObject({ kind: 'end', state: 'unwelcome' });
    const after = { ...standing, state: 'unwelcome' } as const;
    const again = told({ happened: 'changed', labels: ['build'] }, { ...labeled, standing: after });
    expect(again).toMatchObject({ kind: 'open', anew: true });
  });

  it('moves on with its commits only', () => {
    const changed = { happened: 'changed' } as const;
    expect(told(changed, { standing })).toMatchObject({ kind: 'open', anew: false });
    const moved = { ...changed, head: { ...event.head!, revision: second } };
    expect(told(moved, { standing })).toMatchObject({ kind: 'open', anew: true });
  });

  it('that is closed ends, even when it had expired, and only once', () => {
    const closed = { happened: 'closed' } as const;
    expect(told(closed, { standing })).toMatchObject({ kind: 'end', state: 'closed' });
    const expired = { ...standing, state: 'expired' } as const;
    expect(told(closed, { standing: expired })).toMatchObject({ kind: 'end', state: 'closed' });
    const before = { ...standing, state: 'closed' } as const;
    expect(told(closed, { standing: before })).toMatchObject({ kind: 'nothing', refused: false });
    expect(told(closed)).toMatchObject({ kind: 'nothing', refused: false });
  });

  it('is not opened by news that are older than what is known', () => {
    const closed = { ...standing, state: 'closed', updatedAt: new Date('2026-11-20T12:00:00Z') };
    const old = told({}, { standing: closed as StandingRequest });
    expect(old).toMatchObject({ kind: 'nothing', why: expect.stringContaining('later news') });
    const reopened = told({ updatedAt: '2026-11-20T12:00:01Z' }, { standing: closed as never });
    expect(reopened).toMatchObject({ kind: 'open', anew: true });
  });

  it('that has expired comes back with a commit or when it is opened again', () => {
    const expired = { standing: { ...standing, state: 'expired' } } as const;
    expect(told({ happened: 'changed' }, expired).kind).toBe('nothing');
    expect(told({ happened: 'opened' }, expired).kind).toBe('open');
    const moved = { happened: 'changed', head: { ...event.head!, revision: second } } as const;
    expect(told(moved, expired).kind).toBe('open');
  });

  it('is refused when too many have a specification, unless it is one of them', () => {
    expect(told({}, { open: 2 })).toMatchObject({ refused: true });
    expect(told({}, { open: 2, standing }).kind).toBe('open');
  });

  it('has no specification without a model', () => {
    expect(told({}, { model: null })).toMatchObject({ refused: true });
  });
});

describe('a push', () => {
  const { repository } = event;

  it('moves the channel of its repository and branch, whatever the way to it', () => {
    expect(movedChannel(model, repository, 'main')?.name).toBe('own');
    expect(movedChannel(model, repository, 'master')).toBeNull();
    const other = { name: 'x/y', addresses: ['https://forge.example/x/y.git'] };
    expect(movedChannel(model, other, 'main')).toBeNull();
  });

  it('moves no channel that is pinned to a commit', () => {
    const pinned = model.channels.map((channel) => ({ ...channel, commit: second }));
    expect(movedChannel({ channels: pinned }, repository, 'main')).toBeNull();
  });
});
