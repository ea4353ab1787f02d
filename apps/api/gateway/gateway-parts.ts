/** What the worker gateway works with. */
import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { PostgresClaimStore } from '#adapters/postgres/claim-store.js';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresLeaseStore } from '#adapters/postgres/lease-store.js';
import { PostgresReportStore } from '#adapters/postgres/report-store.js';
import { PostgresWorkerStore } from '#adapters/postgres/worker-store.js';
import type { QueueConnection } from '#adapters/redis/connection.js';
import { BullTicketQueue } from '#adapters/redis/ticket-queue.js';
import type { Bus } from '#application/ports/bus.js';
import type { ClaimStore } from '#application/ports/claim-store.js';
import type { LeaseStore } from '#application/ports/lease-store.js';
import type { LogStore } from '#application/ports/log-store.js';
import type { ReportStore } from '#application/ports/report-store.js';
import type { TicketQueue } from '#application/ports/ticket-queue.js';
import type { WorkerStore } from '#application/ports/worker-store.js';
import type { Settings } from '#nest/settings.js';
import { PostgresReliedUpstreams, type ReliedUpstreams } from './relied-upstreams.js';

/** Counted from the settings, so that tests and demos may shorten a lease. */
export interface GatewaySettings {
  /** Names this process in the rows of the workers that it holds. */
  readonly gateway: string;
  readonly leaseSeconds: number;
  readonly heartbeatSeconds: number;
  readonly logWindowBytes: number;
  readonly maxLogBytes: number;
  readonly substituterUrl: string;
  readonly publicKeyFile: string;
  readonly serviceToken: string;
}

export interface GatewayParts {
  readonly settings: GatewaySettings;
  readonly workers: WorkerStore;
  readonly claims: ClaimStore;
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly logs: LogStore;
  readonly tickets: TicketQueue;
  readonly bus: Bus;
  readonly upstreams: ReliedUpstreams;
}

export interface FarmOfGateway {
  readonly settings: Settings;
  readonly serviceToken: string;
  readonly database: Database;
  readonly queue: QueueConnection;
  readonly bus: Bus;
  readonly logs: LogStore;
}

const logWindowBytes = 1024 * 1024;

export function gatewayParts(farm: FarmOfGateway): GatewayParts {
  const { settings, database } = farm;
  return {
    settings: {
      gateway: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
      leaseSeconds: settings.leaseSeconds,
      heartbeatSeconds: settings.leaseSeconds / 3,
      logWindowBytes,
      maxLogBytes: settings.maxLogBytes,
      substituterUrl: settings.substituterUrl,
      publicKeyFile: settings.publicKeyFile,
      serviceToken: farm.serviceToken,
    },
    workers: new PostgresWorkerStore(database),
    claims: new PostgresClaimStore(database),
    leases: new PostgresLeaseStore(database),
    reports: new PostgresReportStore(database),
    logs: farm.logs,
    tickets: new BullTicketQueue(farm.queue),
    bus: farm.bus,
    upstreams: new PostgresReliedUpstreams(database),
  };
}
