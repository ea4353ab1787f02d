import { describe, expect, it } from '@jest/globals';
import type { DeliveryEnd, WaitingDelivery } from './ports/forge-deliveries.js';
import { takeDeliveries, type TakeDeliveriesParts } from './take-deliveries.js';

interface Done {
  readonly ends: DeliveryEnd[];
  readonly hurried: string[];
  readonly published: string[];
}

/** A farm that follows two repositories and has no specification yet. */
async function push(branch: string): Promise<Done> {
  const done: Done = { ends: [], hurried: [], published: [] };
  const told = {
    kind: 'push' as const,
    repository: { name: 'farm/specs', addresses: ['https://forge.example/farm/specs.git'] },
    ...{ branch, revision: 'a'.repeat(40) },
  };
  const delivery = { id: 1, forge: { name: 'forge' }, told, tries: 0 };
  const waiting = [delivery as unknown as WaitingDelivery];
  const parts = {
    deliveries: {
      due: () => Promise.resolve(waiting.splice(0)),
      end: (_: number, end: DeliveryEnd) => Promise.resolve(void done.ends.push(end)),
    },
    specifications: { list: () => Promise.resolve([]) },
    repositories: {
      list: () =>
        Promise.resolve([
          { name: 'specs', url: 'ssh://git@forge.example/farm/specs', branch: 'main' },
          { name: 'else', url: 'https://forge.example/farm/else.git', branch: 'main' },
        ]),
      hurry: (name: string) => Promise.resolve(done.hurried.push(name) > 0),
    },
    bus: { publish: (topic: string) => Promise.resolve(void done.published.push(topic)) },
  };
  await takeDeliveries(parts as unknown as TakeDeliveriesParts, () => true);
  return done;
}

describe('a push to a repository that keeps specifications', () => {
  it('has it looked at now', async () => {
    const { ends, hurried, published } = await push('main');
    expect(hurried).toEqual(['specs']);
    expect(published).toEqual(['repositories']);
    expect(ends).toMatchObject([{ outcome: 'triggered', specifications: [] }]);
  });

  it('is ignored on another branch', async () => {
    const { ends, hurried } = await push('topic');
    expect(hurried).toEqual([]);
    expect(ends).toMatchObject([{ outcome: 'ignored' }]);
  });
});
