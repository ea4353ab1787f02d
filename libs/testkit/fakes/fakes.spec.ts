/** The fakes pass the suites of the real adapters, or they are lies. */
import { claimsAndReportsConformance } from '../conformance/claims-and-reports.js';
import { failuresAndIngestConformance } from '../conformance/failures-and-ingest.js';
import { intentsAndWishesConformance } from '../conformance/intents-and-wishes.js';
import { leasesAndReleasesConformance } from '../conformance/leases-and-releases.js';
import { FakeFarm } from './farm.js';
import { busConformance } from '../conformance/bus.js';
import { ticketQueueConformance } from '../conformance/ticket-queue.js';
import { FakeBus } from './bus.js';
import { FakeTicketQueue } from './ticket-queue.js';

ticketQueueConformance('memory', async () => {
  const fake = new FakeTicketQueue();
  return { queue: fake, epoch: fake, close: () => fake.close() };
});

busConformance('memory', async () => {
  const here = new FakeBus();
  return [here, new FakeBus(here.wire)];
});

claimsAndReportsConformance('memory', async () => new FakeFarm());
leasesAndReleasesConformance('memory', async () => new FakeFarm());
failuresAndIngestConformance('memory', async () => new FakeFarm());
intentsAndWishesConformance('memory', async () => new FakeFarm());
