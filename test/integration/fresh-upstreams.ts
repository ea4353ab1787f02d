/** A farm with one upstream for specs on real Postgres and real HTTP: new for each test. */
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { PostgresReleaseStore } from '#adapters/postgres/release-store.js';
import { id, type BuildId } from '#domain/ids.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { UpstreamServer } from '#testkit/upstream-server.js';
import { outputOf, UpstreamFarm, type Recipes } from './upstream-farm.js';

const startMilliseconds = 60_000;

export const recipes: Recipes = {
  app: ['library', 'compiler'],
  library: ['compiler', 'source'],
  compiler: ['bootstrap'],
  bootstrap: [],
  source: [],
  other: ['library'],
};

/** `begin` hears of each new farm and its upstream before their test. */
export function freshUpstreams(
  begin: (farm: UpstreamFarm, upstream: UpstreamServer) => void,
): void {
  let postgres: TestPostgres;
  let farm: UpstreamFarm;
  let upstream: UpstreamServer;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  }, startMilliseconds);
  afterAll(() => postgres?.stop());
  beforeEach(async () => {
    upstream = await UpstreamServer.start();
    farm = await UpstreamFarm.open(postgres);
    await farm.addUpstream(upstream.url, upstream.publicKey);
    begin(farm, upstream);
  });
  afterEach(async () => {
    await farm.close();
    await upstream.stop();
  });
}

/** The upstream has the output of that name, and what it refers to is named. */
export function publishAt(upstream: UpstreamServer, name: string, references: string[]): string {
  const named = references.map(outputOf);
  return upstream.publish({ path: outputOf(name), contents: name, references: named });
}

/** Answers how many tickets the release of that build gave. */
export async function releaseIn(farm: UpstreamFarm, name: string): Promise<number> {
  const build = id<BuildId>(await farm.buildOf(name));
  const assignment = { build, workerClass: 'x', rank: 1 };
  const released = await new PostgresReleaseStore(farm.database).release([assignment], 30);
  return released.tickets.length;
}
