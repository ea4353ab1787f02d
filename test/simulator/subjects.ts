/** Fresh farms for seeds, in memory or on real Postgres. */
import type { FarmSubject } from '#testkit/farm-subject.js';

export interface Subjects {
  open(): Promise<FarmSubject>;
  close(): Promise<void>;
}

/** What a run does not need is not loaded. */
export async function openSubjects(onPostgres: boolean): Promise<Subjects> {
  if (!onPostgres) {
    const { FakeFarm } = await import('#testkit/fakes/farm.js');
    return { open: async () => new FakeFarm(), close: async () => undefined };
  }
  const { startTestPostgres } = await import('#testkit/postgres.js');
  const { PostgresFarm } = await import('#testkit/postgres-farm.js');
  const server = await startTestPostgres();
  return {
    open: async () => PostgresFarm.open(await server.freshDatabase()),
    close: () => server.stop(),
  };
}
