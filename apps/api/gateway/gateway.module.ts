/** The worker gateway as a module of the api; `attachGateway(app)` wires its upgrade. */
import { Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { PostgresWorkerStore } from '#adapters/postgres/worker-store.js';
import type { QueueConnection } from '#adapters/redis/connection.js';
import type { Bus } from '#application/ports/bus.js';
import type { LogStore } from '#application/ports/log-store.js';
import type { Settings } from '#nest/settings.js';
import { BUS, LOG_STORE, QUEUE, SERVICE_TOKEN, SETTINGS } from '../farm/tokens.js';
import { EnrolController } from './enrol.controller.js';
import { Gateway } from './gateway.js';
import { gatewayParts, type FarmOfGateway } from './gateway-parts.js';
import { WORKER_STORE } from './gateway-tokens.js';

type Injected = [Settings, string, Database, QueueConnection, Bus, LogStore];

function openGateway(...injected: Injected): Gateway {
  const [settings, serviceToken, database, queue, bus, logs] = injected;
  const farm: FarmOfGateway = { settings, serviceToken, database, queue, bus, logs };
  return new Gateway(gatewayParts(farm));
}

@Module({
  controllers: [EnrolController],
  providers: [
    {
      provide: Gateway,
      useFactory: openGateway,
      inject: [SETTINGS, SERVICE_TOKEN, Database, QUEUE, BUS, LOG_STORE],
    },
    {
      provide: WORKER_STORE,
      useFactory: (database: Database) => new PostgresWorkerStore(database),
      inject: [Database],
    },
  ],
  exports: [Gateway, WORKER_STORE],
})
export class GatewayModule implements BeforeApplicationShutdown {
  constructor(private readonly gateway: Gateway) {}

  /** Sockets that were upgraded would keep the HTTP server from closing. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.gateway.close();
  }
}
