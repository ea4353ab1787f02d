/** The fakes pass the suites of the real adapters, or they are lies. */
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
