import { describe, expect, it } from '@jest/globals';
import { differencesOf, planApply, type ApplyWish } from './apply-plan.js';
import type { Specification } from './specification.js';

function specification(name: string, more: Partial<Specification> = {}): Specification {
  return {
    name,
    backend: 'guix',
    channels: [{ name: 'guix', url: 'https://example.org/guix.git', branch: 'master' }],
    selection: { set: 'hello' },
    systems: ['x86_64-linux'],
    ...{ priority: 9, period: 0, share: 100, limits: {}, active: true },
    ...more,
  };
}

function plan(wish: Partial<ApplyWish>): string[] {
  const steps = planApply({
    standing: [],
    wanted: [],
    ...{ managedBy: 'file:farm', prune: false, adopt: false },
    ...wish,
  });
  return steps.map(({ action, name }) => `${action} ${name}`);
}

describe('applying specifications', () => {
  const standing = [
    { specification: specification('mine'), managedBy: 'file:farm' },
    { specification: specification('theirs'), managedBy: 'repository:theirs' },
    { specification: specification('nobodys'), managedBy: null },
    { specification: specification('dropped'), managedBy: 'file:farm' },
  ];
  const wanted = ['mine', 'new', 'nobodys'].map((name) => specification(name));

  it('makes what is missing and lets be what is the same', () => {
    expect(plan({ standing, wanted })).toEqual(['keep mine', 'create new', 'change nobodys']);
  });

  it('archives with prune only what it kept and no longer names', () => {
    expect(plan({ standing, wanted, prune: true })).toEqual([
      ...['archive dropped', 'keep mine', 'create new', 'change nobodys'],
    ]);
  });

  it("does not take over another's, unless told to", () => {
    const theirs = [specification('theirs')];
    expect(plan({ standing, wanted: theirs })).toEqual(['refuse theirs']);
    expect(plan({ standing, wanted: theirs, adopt: true })).toEqual(['change theirs']);
  });

  it('tells differences field by field, channels by name', () => {
    const before = specification('a', { systems: ['x86_64-linux'], limits: { timeoutSeconds: 5 } });
    const [channel] = before.channels;
    const after = specification('a', {
      channels: [
        { ...channel!, branch: 'trunk' },
        { ...channel!, name: 'mine' },
      ],
      systems: ['i686-linux'],
      trust: undefined,
    });
    expect(differencesOf(before, after)).toEqual([
      { field: 'channels.guix.branch', before: 'master', after: 'trunk' },
      { field: 'channels.mine', before: undefined, after: { ...channel, name: 'mine' } },
      { field: 'systems', before: ['x86_64-linux'], after: ['i686-linux'] },
      { field: 'limits.timeoutSeconds', before: 5, after: undefined },
    ]);
    const turned = { ...after, channels: [...after.channels].reverse() };
    expect(differencesOf(after, turned).map(({ field }) => field)).toEqual(['channels']);
    expect(differencesOf(after, { ...after })).toEqual([]);
  });
});
