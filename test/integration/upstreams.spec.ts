/** Upstreams, on real Postgres and real HTTP: what they have is fetched and not built. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PostgresFailureStore } from '#adapters/postgres/failure-store.js';
import { PostgresSubstitutionStore } from '#adapters/postgres/substitution-store.js';
import { id, type BuildId } from '#domain/ids.js';
import { generateNixKey } from '#formats/nix-signature.js';
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

describe('an upstream that has what is wished', () => {
  it('saves its build and that of all that it was made of', async () => {
    publish('runtime');
    publish('app', 'app', 'runtime');
    await farm.evaluate(recipes, ['app']);
    expect(await farm.statuses('app', 'library', 'bootstrap')).toEqual({
      ...{ app: 'held', library: 'canceled', bootstrap: 'canceled' },
    });
    expect(await release('app')).toBe(0);
    // One for what is wished, one for what that refers to.
    expect(upstream.questions).toBe(2);
    await farm.fetch();
    expect(await farm.state('app')).toEqual({
      ...{ status: 'succeeded', reason: 'substituted', held: false },
    });
    expect(await farm.offered()).toEqual(['runtime mirrored', 'app mirrored']);
    expect(await farm.substitutions.hold()).toBe(0);
  });

  it('saves what is made for the rest, which is fetched first', async () => {
    publish('compiler');
    publish('bootstrap');
    upstream.publish({ path: outputOf('source'), contents: 's', compression: 'gzip' });
    await farm.evaluate(recipes, ['app', 'bootstrap']);
    expect(await farm.statuses('app', 'library', 'compiler', 'source', 'bootstrap')).toEqual({
      ...{ app: 'scheduled', library: 'scheduled', compiler: 'held', source: 'held' },
      bootstrap: 'held',
    });
    const [first] = await farm.substitutions.claim(1, 0);
    expect([await farm.buildOf('compiler'), await farm.buildOf('source')]).toContain(first!.build);
    expect(await release('library')).toBe(0);
    await farm.fetch();
    expect(await release('library')).toBe(1);
  });

  it('is not asked again for hours, and for what it has not for minutes', async () => {
    publish('compiler');
    await farm.evaluate(recipes, ['library']);
    const asked = upstream.questions;
    const paths = ['compiler', 'library', 'source'].map(outputOf);
    expect(await farm.questions.present('nix', paths)).toEqual(new Set([outputOf('compiler')]));
    expect(upstream.questions).toBe(asked);
  });

  it('saves a build that an earlier evaluation had no need of', async () => {
    publish('app');
    publish('compiler');
    await farm.evaluate(recipes, ['app']);
    await farm.evaluate(recipes, ['other']);
    expect(await farm.statuses('other', 'library', 'source', 'compiler', 'bootstrap')).toEqual({
      ...{ other: 'scheduled', library: 'scheduled', source: 'scheduled' },
      ...{ compiler: 'held', bootstrap: 'canceled' },
    });
  });

  it('wishes for nothing that only what it has would need', async () => {
    publish('app');
    publish('other');
    await farm.evaluate(recipes, ['app']);
    await farm.evaluate(recipes, ['other']);
    expect(await farm.statuses('app', 'other', 'library', 'source')).toEqual({
      ...{ app: 'held', other: 'held', library: 'canceled', source: 'canceled' },
    });
  });

  it('has nothing when a part of the closure is missing', async () => {
    publish('app', 'runtime');
    await farm.evaluate(recipes, ['app']);
    expect(await farm.statuses('app', 'bootstrap')).toEqual({
      ...{ app: 'scheduled', bootstrap: 'scheduled' },
    });
  });
});

describe('what is believed of an upstream', () => {
  it('is forgotten a month later in a store that mirrors', async () => {
    publish('app');
    await farm.evaluate(recipes, ['app']);
    const count = async (): Promise<number> =>
      (await farm.database.query('select from upstream_paths')).length;
    await farm.renew();
    expect(await count()).toBe(1);
    await farm.database.execute(`update upstream_paths set seen_at = now() - interval '31 days'`);
    await farm.renew();
    expect(await count()).toBe(0);
  });
});

describe('a build that waits', () => {
  it('is fetched when an upstream has it after all, unless its ticket is out', async () => {
    await farm.evaluate(recipes, ['library']);
    publish('compiler');
    publish('source');
    expect(await release('source')).toBe(1);
    await farm.askForWaiting();
    expect(await farm.statuses('library', 'compiler', 'source', 'bootstrap')).toEqual({
      ...{ library: 'scheduled', compiler: 'held', source: 'scheduled', bootstrap: 'scheduled' },
    });
    await farm.fetch();
    expect(await farm.statuses('compiler')).toEqual({ compiler: 'succeeded' });
  });
});

describe('an upstream that cannot be trusted', () => {
  it('is not believed when it signs with another key', async () => {
    const key = generateNixKey('upstream.example.org-1');
    upstream.publish({ path: outputOf('bootstrap'), contents: 'x', key });
    await farm.evaluate(recipes, ['bootstrap']);
    expect(await farm.statuses('bootstrap')).toEqual({ bootstrap: 'scheduled' });
  });

  it('offers nothing when its nar is not what it has signed: that is built', async () => {
    publish('compiler');
    const other = upstream.publish({ path: outputOf('other'), contents: 'other bytes' });
    const forged = upstream.files.get(`/nar/${other}.nar`)!;
    upstream.files.set(`/nar/${outputOf('compiler')}.nar`, forged);
    await farm.evaluate(recipes, ['library']);
    await farm.fetch();
    expect(await farm.statuses('library', 'compiler', 'bootstrap')).toEqual({
      ...{ library: 'scheduled', compiler: 'scheduled', bootstrap: 'scheduled' },
    });
    expect(await farm.offered()).toEqual([]);
    expect(farm.told.join()).toMatch(/built after all.* sent sha256:.* and has signed sha256:/);
  });

  it('loses a build whose nar has gone, and what that needs is looked for again', async () => {
    publish('app');
    publish('compiler');
    upstream.files.delete(`/nar/${outputOf('app')}.nar`);
    await farm.evaluate(recipes, ['app']);
    await farm.fetch();
    expect(await farm.statuses('app', 'library', 'compiler', 'bootstrap')).toEqual({
      ...{ app: 'scheduled', library: 'scheduled' },
      ...{ compiler: 'succeeded', bootstrap: 'canceled' },
    });
  });
});

describe('an upstream that is down', () => {
  it('stalls no evaluation: all is built', async () => {
    publish('app');
    upstream.answer = () => undefined;
    const began = performance.now();
    await farm.evaluate(recipes, ['app']);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(await farm.statuses('app', 'bootstrap')).toEqual({
      ...{ app: 'scheduled', bootstrap: 'scheduled' },
    });
  }, 30_000);

  it('is tried again when a fetch breaks off, and the build stays held', async () => {
    publish('app');
    await farm.evaluate(recipes, ['app']);
    upstream.answer = (request) => request.socket.destroy();
    await farm.fetch();
    expect(await farm.statuses('app')).toEqual({ app: 'held' });
    upstream.answer = null;
    await farm.database.execute(`update substitutions set claimed_until = '-infinity'`);
    await farm.fetch();
    expect(await farm.statuses('app')).toEqual({ app: 'succeeded' });
  });
});

describe('a build that is fetched', () => {
  it('does not fall with an input that fails, unless it is built after all', async () => {
    publish('app');
    await farm.evaluate(recipes, ['library']);
    await farm.evaluate(recipes, ['app']);
    await farm.database.execute(
      `update builds set status = 'failed', reason = 'builder-failed', ended_at = now()
        where id = $1`,
      [await farm.buildOf('library')],
    );
    const failures = new PostgresFailureStore(farm.database);
    const tell = async (): Promise<void> => {
      while (!(await failures.propagate(100)).done);
    };
    await tell();
    expect(await failures.audit()).toBe(0);
    expect(await farm.statuses('app')).toEqual({ app: 'held' });
    const nothing = { substitute: new Map<string, boolean>(), build: new Set<string>() };
    const build = id<BuildId>(await farm.buildOf('app'));
    expect(await farm.substitutions.giveUp(build, nothing)).toBe(true);
    await tell();
    expect(await farm.statuses('app')).toEqual({ app: 'failed-dependency' });
  });

  it('is forgotten when somebody cancels it', async () => {
    publish('app');
    await farm.evaluate(recipes, ['app']);
    await farm.database.execute(`update builds set status = 'canceled' where status = 'scheduled'`);
    expect(await farm.substitutions.hold()).toBe(0);
    await farm.fetch();
    expect(await farm.offered()).toEqual([]);
  });

  it('is taken up by another when its process died, and only then', async () => {
    publish('app');
    await farm.evaluate(recipes, ['app']);
    const other = new PostgresSubstitutionStore(farm.database, 'other');
    expect(await farm.substitutions.claim(5, 60)).toHaveLength(1);
    expect(await other.claim(5, 60)).toEqual([]);
    const lapse = `update substitutions set claimed_until = now() + interval '1 second'`;
    await farm.database.execute(lapse);
    await other.renewClaims(60);
    await farm.substitutions.renewClaims(60);
    const [row] = await farm.database.query<{ long: boolean }>(
      `select claimed_until > now() + interval '50 seconds' as long from substitutions`,
    );
    expect(row!.long).toBe(true);
    await farm.database.execute(`update substitutions set claimed_until = '-infinity'`);
    await farm.substitutions.renewClaims(60);
    expect(await other.claim(5, 60)).toHaveLength(1);
  });

  it('is held anew before its hold is over', async () => {
    publish('app');
    await farm.evaluate(recipes, ['app']);
    await farm.database.execute(`update builds set not_before = now() + interval '1 minute'`);
    expect(await farm.substitutions.hold()).toBe(1);
    const [row] = await farm.database.query<{ long: boolean }>(
      `select bool_and(not_before > now() + interval '30 minutes') as long from builds
        where status = 'scheduled'`,
    );
    expect(row!.long).toBe(true);
  });
});

describe('an upstream of Guix', () => {
  const fixtures = join(import.meta.dirname, '..', 'fixtures', 'formats', 'guix');

  it('is believed and mirrored by its own dialect', async () => {
    for (const name of await readdir(fixtures)) {
      if (!name.endsWith('.narinfo')) continue;
      upstream.files.set(`/${name}`, await readFile(join(fixtures, name)));
    }
    for (const name of await readdir(join(fixtures, 'nar'))) {
      const [, compression, rest] = /^(gzip|zstd)-(.*)$/.exec(name)!;
      const bytes = await readFile(join(fixtures, 'nar', name));
      upstream.files.set(`/nar/${compression}/${rest}`, bytes);
    }
    const key = await readFile(join(fixtures, 'signing-key.pub'), 'utf8');
    await farm.addUpstream(upstream.url, key, 'guix');
    const path = 'k5l6ni6lzx6cvxwcr3q8n1d9n4731lrs-top-1.0';
    expect(await farm.questions.present('guix', [path])).toEqual(new Set([path]));
    await farm.bring('guix', [path]);
    expect(await farm.offered()).toContain('top-1.0 mirrored');
  });
});
