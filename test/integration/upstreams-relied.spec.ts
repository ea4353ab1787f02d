/** A store that relies on its upstreams, on real Postgres and real HTTP. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { lockReferences } from '#adapters/postgres/offer-rows.js';
import type { UpstreamServer } from '#testkit/upstream-server.js';
import { freshUpstreams, publishAt, recipes, releaseIn } from './fresh-upstreams.js';
import { outputOf, type UpstreamFarm } from './upstream-farm.js';

let farm: UpstreamFarm;
let upstream: UpstreamServer;
freshUpstreams((...fresh) => {
  [farm, upstream] = fresh;
});

const publish = (name: string, ...references: string[]): string =>
  publishAt(upstream, name, references);
const release = (name: string): Promise<number> => releaseIn(farm, name);

describe('a store that relies on its upstreams', () => {
  beforeEach(async () => {
    await farm.database.execute(`update stores set mode = 'rely' where slug = 'nix'`);
  });

  async function age(): Promise<void> {
    await farm.database.execute(`update upstream_paths set seen_at = now() - interval '7 hours'`);
  }

  it('takes what they have as it is, and fetches nothing', async () => {
    publish('compiler');
    await farm.evaluate(recipes, ['library']);
    expect(await farm.statuses('library', 'compiler', 'bootstrap')).toEqual({
      ...{ library: 'scheduled', compiler: 'succeeded', bootstrap: 'canceled' },
    });
    await farm.fetch();
    expect(await farm.offered()).toEqual([]);
  });

  it('takes what a waiting build yields, when they come to have it', async () => {
    await farm.evaluate(recipes, ['library']);
    publish('compiler');
    await farm.askForWaiting();
    expect(await farm.state('compiler')).toMatchObject({ reason: 'substituted' });
  });

  it('takes what an earlier evaluation had no need of, too', async () => {
    publish('app');
    publish('compiler');
    await farm.evaluate(recipes, ['app']);
    await farm.evaluate(recipes, ['other']);
    expect(await farm.statuses('other', 'compiler', 'bootstrap')).toEqual({
      ...{ other: 'scheduled', compiler: 'succeeded', bootstrap: 'canceled' },
    });
  });

  it('asks again when its belief is old, and then believes it for some hours more', async () => {
    publish('compiler');
    await farm.evaluate(recipes, ['library']);
    const asked = upstream.questions;
    await farm.renew();
    expect(upstream.questions).toBe(asked);
    await age();
    await farm.renew();
    expect(upstream.questions).toBe(asked + 1);
    await farm.renew();
    expect(upstream.questions).toBe(asked + 1);
    expect(await farm.statuses('compiler')).toEqual({ compiler: 'succeeded' });
  });

  it('builds what has gone before what needs it, from what is still there', async () => {
    publish('compiler', 'runtime');
    publish('runtime');
    await farm.evaluate(recipes, ['library']);
    upstream.unpublish(outputOf('compiler'));
    publish('bootstrap');
    await age();
    expect(await release('library')).toBe(0);
    await farm.renew();
    expect(await farm.statuses('library', 'compiler', 'bootstrap')).toEqual({
      ...{ library: 'scheduled', compiler: 'scheduled', bootstrap: 'succeeded' },
    });
    expect(await release('compiler')).toBe(1);
    expect(farm.told.join()).toMatch(/has gone from its upstream/);
  });

  it('builds what refers to something that has gone', async () => {
    publish('compiler', 'runtime');
    publish('runtime');
    await farm.evaluate(recipes, ['library']);
    upstream.unpublish(outputOf('runtime'));
    await age();
    await farm.renew();
    expect(await farm.statuses('compiler', 'bootstrap')).toEqual({
      ...{ compiler: 'scheduled', bootstrap: 'scheduled' },
    });
  });

  it('gives up what has gone and what nothing needs any more', async () => {
    publish('app');
    await farm.evaluate(recipes, ['app']);
    await farm.evaluate(recipes, ['source']);
    upstream.unpublish(outputOf('app'));
    await age();
    await farm.renew();
    expect(await farm.state('app')).toMatchObject({ status: 'canceled', reason: 'not-needed' });
  });

  it('believes on for a while when the upstream only fails', async () => {
    publish('compiler');
    await farm.evaluate(recipes, ['library']);
    await age();
    upstream.answer = (request) => request.socket.destroy();
    await farm.renew();
    expect(await farm.statuses('compiler')).toEqual({ compiler: 'succeeded' });
  });

  it('doubts at once what a worker could not fetch', async () => {
    publish('compiler');
    await farm.evaluate(recipes, ['library']);
    const library = await farm.buildOf('library');
    upstream.unpublish(outputOf('compiler'));
    await farm.renew();
    expect(await farm.statuses('compiler')).toEqual({ compiler: 'succeeded' });
    await farm.database.execute(
      `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, reason,
                             ended_at)
       select evaluation_id, id, 1, 1, 0, 'failed-other', 'input-missing',
              now() + interval '1 second' from builds where id = $1`,
      [library],
    );
    await farm.database.execute('update builds set farm_faults = 1 where id = $1', [library]);
    await farm.renew();
    expect(await farm.statuses('compiler', 'bootstrap')).toEqual({
      ...{ compiler: 'scheduled', bootstrap: 'scheduled' },
    });
  });

  it('offers what refers to what they have', async () => {
    publish('compiler');
    await farm.evaluate(recipes, ['library']);
    const rows = await farm.database.transaction(async (client) => {
      const stores = await client.query<{ id: number }>(`select id from stores where slug = 'nix'`);
      const references = ['compiler', 'source'].map(outputOf);
      return lockReferences(client, stores.rows[0]!.id, references);
    });
    expect(rows).toEqual(new Set([outputOf('compiler')]));
  });
});
