import { describe, expect, it } from '@jest/globals';
import type { Channel, Specification } from '#domain/specification/specification.js';
import { checkOut } from './check-out.js';
import type { ClaimedEvaluation } from './ports/evaluation-leases.js';
import type { EvaluationRoom } from './ports/evaluation-rooms.js';

const room: EvaluationRoom = {
  workDirectory: '/room/work',
  checkoutOf: (channel) => `/room/checkouts/${channel}`,
  repositoryOf: (channel) => `/room/repositories/${channel}`,
  close: async () => undefined,
};

function revision(channel: string, more: { via?: string; url?: string } = {}) {
  return { channel, url: `https://example.org/${channel}`, branch: 'main', revision: 'r', ...more };
}

function claimed(backend: 'guix' | 'nix', checkouts: ClaimedEvaluation['checkouts']) {
  const named = (name: string): Channel => ({
    ...{ name, url: `https://example.org/${name}`, branch: 'main', credential: `key-of-${name}` },
  });
  const specification = {
    backend,
    channels: [named('zoo'), named('ark')],
  } as Partial<Specification>;
  return { specification, checkouts } as unknown as ClaimedEvaluation;
}

async function checkedOut(one: ClaimedEvaluation) {
  const asked: [string, string, string | undefined][] = [];
  const source = {
    checkout: async ({ name, credential }: Channel) => {
      asked.push(['checkout', name, credential]);
    },
    lend: async ({ name, credential }: Channel, _revision: string, directory: string) => {
      asked.push(['lend', name, credential]);
      return { directory, borrows: [] };
    },
  };
  return { ...(await checkOut(source, one, room)), asked };
}

describe('what an evaluation is given', () => {
  it('comes in the order of the specification, what is pulled in after it', async () => {
    const checkouts = [revision('ark'), revision('below', { via: 'ark' }), revision('zoo')];
    const given = await checkedOut(claimed('nix', checkouts));
    expect([...given.checkouts.keys()]).toEqual(['zoo', 'ark', 'below']);
    expect(given.channels.map(({ channel }) => channel)).toEqual(['zoo', 'ark', 'below']);
    expect(given.repositories).toBeUndefined();
  });

  it('has repositories for Guix, which fetches on its own', async () => {
    const given = await checkedOut(claimed('guix', [revision('ark'), revision('zoo')]));
    expect([...given.repositories!.values()].map(({ directory }) => directory)).toEqual([
      '/room/repositories/zoo',
      '/room/repositories/ark',
    ]);
  });

  it('is fetched with credentials only where the specification names the address', async () => {
    const moved = revision('zoo', { url: 'https://elsewhere.org/zoo', via: 'ark' });
    const checkouts = [revision('ark'), moved, revision('below', { via: 'ark' })];
    const { asked } = await checkedOut(claimed('guix', checkouts));
    expect(asked.filter(([what]) => what === 'checkout')).toEqual([
      ['checkout', 'zoo', undefined],
      ['checkout', 'ark', 'key-of-ark'],
      ['checkout', 'below', undefined],
    ]);
  });

  it('is all of it, or the evaluation fails', async () => {
    await expect(checkedOut(claimed('nix', [revision('ark')]))).rejects.toMatchObject({
      message: 'channel zoo has no checkout',
    });
  });
});
