/**
 * The whole engine in one process on a real Postgres and Redis, for the gateway's specs: api with
 * gateway, coordinator, and workers that speak over real sockets.
 */
import { writeFile } from 'node:fs/promises';
import { id, type AttemptId, type BuildId } from '#domain/ids.js';
import type { BuildMessage } from '#protocol/worker.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { EngineFarm, secret } from './engine-support.js';
import { TestWorker } from './gateway-support.js';

export class GatewayFarm {
  private readonly workers: TestWorker[] = [];

  private constructor(
    readonly api: ApiFarm,
    readonly farm: EngineFarm,
    private readonly coordinator: Coordinator,
  ) {}

  static async start(): Promise<GatewayFarm> {
    const lease = { GAMBESON_LEASE_SECONDS: '3', GAMBESON_TICK_SECONDS: '0.2' };
    const api = await startApiFarm(lease);
    const { settings } = api.parts;
    await writeFile(settings.publicKeyFile, 'farm-1:AAAA\n');
    const farm = await EngineFarm.open({ url: settings.databaseUrl, drop: async () => undefined });
    const coordinator = new Coordinator(openCoordinator(settings));
    await coordinator.onApplicationBootstrap();
    return new GatewayFarm(api, farm, coordinator);
  }

  async stop(): Promise<void> {
    await this.coordinator.beforeApplicationShutdown();
    await this.coordinator.onApplicationShutdown();
    await this.farm.close();
    await this.api.stop();
  }

  /** No build and no worker is left. */
  async clear(): Promise<void> {
    const tables = 'builds, derivations, derivation_inputs, outputs, leases, uploads, store_paths';
    await this.farm.database.execute(
      `truncate ${tables}, attempts, workers, enrolment_tokens cascade`,
    );
  }

  /** Whoever has joined is gone. */
  async leave(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.leave()));
  }

  /** It has not said hello yet. */
  async connect(worker: number): Promise<TestWorker> {
    const connected = await TestWorker.connect(this.api.address, `${worker}.${secret}`);
    this.workers.push(connected);
    return connected;
  }

  /** Greeted; enrolled before, unless it is known. */
  async join(
    more: { slots?: number; worker?: number; protocol?: number[] } = {},
  ): Promise<TestWorker> {
    const { slots = 4, protocol = [1] } = more;
    const worker = more.worker ?? (await this.farm.worker({ slots }));
    const connected = await this.connect(worker);
    await connected.hello({ slots, protocol });
    return connected;
  }

  async finish(worker: TestWorker, build: BuildMessage): Promise<boolean> {
    await this.farm.uploaded(id<AttemptId>(build.attempt), build.outputs[0]!.path!);
    worker.succeed(build);
    return (await worker.hears('acknowledged', (one) => one.of === 'report')).of === 'report';
  }

  /** Wakes the coordinator as an ingest does. */
  async scheduled(count: number): Promise<BuildId[]> {
    const builds = await this.farm.builds(count);
    await this.api.parts.bus.publish('planner', '');
    return builds;
  }
}
