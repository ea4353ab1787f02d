/** Everything that the evaluator's loops need, opened from its settings. */
import { Logger } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { GitChannels } from '#adapters/git/git-channels.js';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { PostgresBus } from '#adapters/postgres/bus.js';
import { PostgresPollStore } from '#adapters/postgres/channel-store.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresDiskStore } from '#adapters/postgres/disk-store.js';
import { PostgresEvaluationLeases } from '#adapters/postgres/evaluation-store.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresFollowedRepositories } from '#adapters/postgres/followed-repositories.js';
import { PostgresSpecificationStore } from '#adapters/postgres/specification-store.js';
import { PostgresStoreRegistry } from '#adapters/postgres/store-registry.js';
import { PostgresUpstreamStore } from '#adapters/postgres/upstream-store.js';
import { RedisBus } from '#adapters/redis/bus.js';
import { openQueue, type QueueConnection } from '#adapters/redis/connection.js';
import { BullPollTimers } from '#adapters/redis/poll-timers.js';
import { BullQueueEpoch } from '#adapters/redis/queue-epoch.js';
import { UpstreamHttp } from '#adapters/upstream/upstream-http.js';
import { readSpecificationFiles } from '#adapters/specification-files/specification-file.js';
import { SubstituterClient } from '#adapters/substituter-client/client.js';
import { Credentials } from '#adapters/system/credentials.js';
import { ReachableAddresses } from '#adapters/system/reachable-addresses.js';
import { DiskWatch } from '#adapters/system/disk-watch.js';
import { DiskEvaluationRooms } from '#adapters/system/evaluation-rooms.js';
import { ensureSecret } from '#adapters/system/secret.js';
import { UpstreamQuestions } from '#application/ask-upstreams.js';
import type { FollowParts } from '#application/follow-repositories.js';
import type { PollParts } from '#application/poll-channels.js';
import type { Bus } from '#application/ports/bus.js';
import type { DiskStore } from '#application/ports/disk-store.js';
import type { EvaluationLeases } from '#application/ports/evaluation-leases.js';
import type { PollTimers } from '#application/ports/poll-timers.js';
import type { EvaluationParts } from '#application/run-evaluation.js';
import { PollSchedule } from '#application/schedule-polls.js';
import type { Settings } from '#nest/settings.js';
import { openDesks } from './evaluation-desks.js';

export interface EvaluatorParts {
  /** Who holds a lease, for people: host and process. */
  readonly name: string;
  readonly tickSeconds: number;
  readonly polls: PollParts & { readonly timers: PollTimers; readonly schedule: PollSchedule };
  readonly evaluations: Omit<EvaluationParts, 'leases'> & { readonly leases: EvaluationLeases };
  readonly follow: FollowParts;
  readonly disks: Pick<DiskStore, 'short'>;
  /** Over its own disk. */
  readonly watch: DiskWatch;
  readonly bus: Bus;
  readonly database: Database;
  readonly queue: QueueConnection;
  close(): Promise<void>;
}

export async function openEvaluator(settings: Settings): Promise<EvaluatorParts> {
  const { redisUrl, databaseUrl, pollSeconds } = settings;
  const data = resolve(settings.dataDirectory);
  const database = new Database(databaseUrl, 10, 'evaluator');
  const bus = redisUrl ? new RedisBus(redisUrl) : new PostgresBus(database);
  const queue = openQueue({ redisUrl, databaseUrl });
  const timers = new BullPollTimers(queue);
  const epoch = new BullQueueEpoch(queue, 'timers');
  const logs = new DiskLogStore(join(data, 'logs'));
  const store = new PostgresPollStore(database);
  const specifications = new PostgresSpecificationStore(databaseUrl, 1);
  const source = new GitChannels({
    directory: join(data, 'mirrors'),
    credentials: new Credentials(settings.credentialsDirectory),
    addresses: new ReachableAddresses(settings.privateChannels, 'GAMBESON_PRIVATE_CHANNELS'),
  });
  const rooms = new DiskEvaluationRooms(join(data, 'evaluator', 'rooms'));
  await rooms.sweep();
  const upstreams = new PostgresUpstreamStore(database);
  const now = (): number => performance.now();
  const client = new UpstreamHttp({
    onHealth: ({ id }, fault) => void upstreams.noteHealth(id, fault).catch(() => undefined),
  });
  const token = await ensureSecret(settings.serviceTokenFile);
  const disks = new PostgresDiskStore(database);
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    name: `${hostname()}/${process.pid}`,
    tickSeconds: settings.tickSeconds,
    polls: {
      store,
      source,
      bus,
      digest,
      pollSeconds,
      timers,
      schedule: new PollSchedule({ store, timers, epoch, pollSeconds }),
    },
    evaluations: {
      leases: new PostgresEvaluationLeases(database),
      ingest: new PostgresIngestStore(database),
      source,
      rooms,
      uploads: new SubstituterClient(settings.substituterUrl, token),
      logs,
      bus,
      backends: await openDesks(join(data, 'evaluator')),
      upstreams: {
        questions: new UpstreamQuestions({ store: upstreams, client, now }),
        store: upstreams,
      },
      limits: settings.evaluation,
      now,
    },
    follow: followWith(database, { source, bus, timers, pollSeconds, specifications }),
    disks,
    watch: watchDisk(settings, disks),
    bus,
    database,
    queue,
    close: async () => {
      await epoch.close();
      await bus.close();
      await queue.close();
      await logs.close();
      await specifications.close();
      await database.close();
    },
  };
}

function followWith(
  database: Database,
  shared: Omit<FollowParts, 'repositories' | 'read' | 'stores'>,
): FollowParts {
  return {
    ...shared,
    repositories: new PostgresFollowedRepositories(database),
    read: readSpecificationFiles,
    stores: new PostgresStoreRegistry(database),
  };
}

function watchDisk(settings: Settings, store: DiskStore): DiskWatch {
  const logger = new Logger('disk');
  return new DiskWatch({
    directory: settings.dataDirectory,
    place: 'evaluations',
    name: `evaluator on ${hostname()}`,
    bounds: settings.diskBounds,
    store,
    announce: (sentence) => logger.warn(sentence),
  });
}
