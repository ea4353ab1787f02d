/** The stores on real Postgres pass the suites that the simulator's fakes pass. */
import { afterAll, beforeAll } from '@jest/globals';
import { claimsAndReportsConformance } from '#testkit/conformance/claims-and-reports.js';
import { failuresAndIngestConformance } from '#testkit/conformance/failures-and-ingest.js';
import { intentsAndWishesConformance } from '#testkit/conformance/intents-and-wishes.js';
import { leasesAndReleasesConformance } from '#testkit/conformance/leases-and-releases.js';
import { PostgresFarm } from '#testkit/postgres-farm.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
}, 60_000);
afterAll(() => server.stop());

const open = async (): Promise<PostgresFarm> => PostgresFarm.open(await server.freshDatabase());

claimsAndReportsConformance('Postgres', open);
leasesAndReleasesConformance('Postgres', open);
failuresAndIngestConformance('Postgres', open);
intentsAndWishesConformance('Postgres', open);
