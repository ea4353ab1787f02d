/** Opens what the coordinator works with, and closes it again in the opposite order. */
import { PostgresBus } from '#adapters/postgres/bus.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresFailureStore } from '#adapters/postgres/failure-store.js';
import { PostgresLeaseStore } from '#adapters/postgres/lease-store.js';
import { PostgresDurationStore } from '#adapters/postgres/planner-durations.js';
import { PostgresEvaluationJobStore } from '#adapters/postgres/planner-jobs.js';
import { PostgresPlannerStore } from '#adapters/postgres/planner-store.js';
import { PostgresReleaseStore } from '#adapters/postgres/release-store.js';
import { PostgresReportStore } from '#adapters/postgres/report-store.js';
import { PostgresSpecificationStore } from '#adapters/postgres/specification-store.js';
import { RedisBus } from '#adapters/redis/bus.js';
import { openQueue, type QueueConnection } from '#adapters/redis/connection.js';
import { BullPollTimers } from '#adapters/redis/poll-timers.js';
import { BullQueueEpoch } from '#adapters/redis/queue-epoch.js';
import { BullTicketQueue } from '#adapters/redis/ticket-queue.js';
import type { Bus } from '#application/ports/bus.js';
import type { FailureStore } from '#application/ports/failure-store.js';
import type { LeaseStore } from '#application/ports/lease-store.js';
import type {
  AuditStore,
  DurationStore,
  EvaluationJobStore,
  PlannerStore,
} from '#application/ports/planner-store.js';
import type { PollTimers } from '#application/ports/poll-timers.js';
import type { ReleaseStore } from '#application/ports/release-store.js';
import type { ReportStore } from '#application/ports/report-store.js';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import type { QueueEpoch, TicketQueue } from '#application/ports/ticket-queue.js';
import type { Settings } from '#nest/settings.js';

export interface CoordinatorParts {
  readonly settings: Settings;
  readonly database: Database;
  readonly queue: QueueConnection;
  readonly tickets: TicketQueue;
  readonly epoch: QueueEpoch;
  readonly bus: Bus;
  readonly releases: ReleaseStore;
  readonly graph: PlannerStore;
  readonly audit: AuditStore;
  readonly jobs: EvaluationJobStore;
  readonly durations: DurationStore;
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly failures: FailureStore;
  readonly specifications: SpecificationStore;
  readonly timers: PollTimers;
  close(): Promise<void>;
}

const connectionsAtMost = 6;
/** Beside these: what forges ask for is written one by one. */
const specificationConnections = 1;

export function openCoordinator(settings: Settings): CoordinatorParts {
  const { databaseUrl, redisUrl } = settings;
  const database = new Database(databaseUrl, connectionsAtMost, 'gambeson-coordinator');
  const queue = openQueue({ databaseUrl, redisUrl });
  const tickets = new BullTicketQueue(queue);
  const epoch = new BullQueueEpoch(queue, 'tickets');
  const bus = redisUrl ? new RedisBus(redisUrl) : new PostgresBus(database);
  const graph = new PostgresPlannerStore(database);
  const timers = new BullPollTimers(queue);
  const specifications = new PostgresSpecificationStore(databaseUrl, specificationConnections);
  return {
    settings,
    database,
    queue,
    tickets,
    epoch,
    bus,
    releases: new PostgresReleaseStore(database),
    graph,
    audit: graph,
    jobs: new PostgresEvaluationJobStore(database),
    durations: new PostgresDurationStore(database),
    leases: new PostgresLeaseStore(database),
    reports: new PostgresReportStore(database),
    failures: new PostgresFailureStore(database),
    specifications,
    timers,
    async close() {
      await bus.close();
      await timers.close();
      await specifications.close();
      await tickets.close();
      await epoch.close();
      await queue.close();
      await database.close();
    },
  };
}
