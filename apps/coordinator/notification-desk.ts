/**
 * Tells people outside. The leading coordinator makes messages of what changed and says which lanes
 * have something due; every coordinator delivers.
 */
import { Logger } from '@nestjs/common';
import { join } from 'node:path';
import { sentenceOf } from '#std/farm-fault.js';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { mailCourier } from '#adapters/mail/mail-courier.js';
import { forgeStatusWriter } from '#adapters/outgoing/forge-status.js';
import { ReachableAddresses } from '#adapters/system/reachable-addresses.js';
import { webhookCourier } from '#adapters/outgoing/webhook-courier.js';
import { PostgresCommitStatusStore } from '#adapters/postgres/commit-status-store.js';
import { PostgresForgeCatalog } from '#adapters/postgres/forge-catalog.js';
import { PostgresNotificationStore } from '#adapters/postgres/notification-store.js';
import { BullDeliveryTasks } from '#adapters/redis/delivery-tasks.js';
import { Credentials } from '#adapters/system/credentials.js';
import { judgeCommits, writeCommits, type WriteParts } from '#application/commit-statuses.js';
import { deliverLane, type DeliverParts } from '#application/deliver-notifications.js';
import { notify } from '#application/notify.js';
import type { Couriers } from '#application/ports/courier.js';
import type { ForgeWriter } from '#application/ports/forge-writer.js';
import type { DeliveryTasks } from '#application/ports/delivery-tasks.js';
import { id, type ForgeId } from '#domain/ids.js';
import { pagesAt } from '#domain/notification/pages.js';
import type { Settings } from '#nest/settings.js';
import type { CoordinatorParts } from './coordinator-parts.js';
import { EndsOfLogs } from './ends-of-logs.js';
import type { LifecycleLoop } from './lifecycle-loops.js';

/** They wait for others nearly all the time; each has one lane. */
const lanesAtOnce = 64;
const offeredAtOnce = 1000;
const forgetMilliseconds = 600_000;
/** Ticks: a verdict on a commit may be a little late. */
const judgedEvery = 3;
const statusLane = 'status:';
/** How long the log of deliveries goes back. */
const keptDays = 90;

export class NotificationDesk {
  private readonly logger = new Logger('notifications');
  private readonly store: PostgresNotificationStore;
  private readonly tasks: DeliveryTasks;
  private readonly delivery: DeliverParts;
  private readonly commits: PostgresCommitStatusStore;
  private readonly forges: PostgresForgeCatalog;
  private readonly writing: WriteParts;
  private readonly stopping = new AbortController();

  constructor(private readonly parts: Pick<CoordinatorParts, 'settings' | 'database' | 'queue'>) {
    const { settings, database, queue } = parts;
    this.store = new PostgresNotificationStore(database);
    this.tasks = new BullDeliveryTasks(queue);
    this.delivery = {
      store: this.store,
      couriers: couriersOf(settings, new EndsOfLogs(database, logsOf(settings))),
      claimSeconds: settings.notifications.timeoutSeconds + claimSlackSeconds,
      now: () => performance.now(),
      chance: Math.random,
      stopping: this.stopping.signal,
    };
    this.commits = new PostgresCommitStatusStore(database);
    this.forges = new PostgresForgeCatalog(database);
    this.writing = {
      ...{ store: this.commits, catalog: this.forges, write: forgeWriterOf(settings) },
      ...{ pages: pagesAt(settings.publicUrl), chance: Math.random },
      ...{ claimSeconds: this.delivery.claimSeconds, stopping: this.stopping.signal },
    };
  }

  loops(): LifecycleLoop[] {
    const { tickSeconds, notifications } = this.parts.settings;
    return [
      {
        name: 'notify',
        tickMilliseconds: tickSeconds * 1000,
        topic: 'weather',
        pass: async (goOn) => {
          const { gatherSeconds } = notifications;
          await notify({ store: this.store, gatherSeconds }, goOn);
          await this.tasks.offer(await this.store.dueLanes(offeredAtOnce));
          return [];
        },
      },
      {
        name: 'judge-commits',
        tickMilliseconds: tickSeconds * judgedEvery * 1000,
        topic: 'weather',
        pass: async () => {
          await judgeCommits(this.commits, this.forges);
          const due = await this.commits.dueForges();
          await this.tasks.offer(due.map((forge) => `${statusLane}${forge}`));
          return [];
        },
      },
      {
        name: 'forget-notifications',
        tickMilliseconds: forgetMilliseconds,
        topic: null,
        pass: async (goOn) => {
          while (goOn() && (await this.store.forget(keptDays)) > 0);
          return [];
        },
      },
    ];
  }

  /** A queue that is down must not keep the farm from starting. */
  start(): void {
    const handler = async (lane: string): Promise<void> => {
      await this.work(lane).catch((fault: unknown) => {
        this.logger.error(`${lane}: ${sentenceOf(fault)}`);
      });
    };
    void this.tasks.consume(handler, lanesAtOnce).catch((fault: unknown) => {
      if (!this.stopping.signal.aborted)
        this.logger.error(`nothing is delivered: ${sentenceOf(fault)}`);
    });
  }

  private work(lane: string): Promise<number> {
    return lane.startsWith(statusLane)
      ? writeCommits(this.writing, id<ForgeId>(lane.slice(statusLane.length)))
      : deliverLane(this.delivery, lane);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.tasks.close();
  }
}

/** For what is written down when the receiver has answered at the last moment. */
const claimSlackSeconds = 30;

function forgeWriterOf({ credentialsDirectory, notifications }: Settings): ForgeWriter {
  const credentials = new Credentials(credentialsDirectory);
  return forgeStatusWriter({
    timeoutSeconds: notifications.timeoutSeconds,
    secret: (name) => credentials.read(name),
    clock: () => Date.now(),
  });
}

function logsOf({ dataDirectory }: Settings): DiskLogStore {
  return new DiskLogStore(join(dataDirectory, 'logs'));
}

function couriersOf(settings: Settings, ends: EndsOfLogs): Couriers {
  const { publicUrl, credentialsDirectory, notifications } = settings;
  const { privateReceivers, sendmail, timeoutSeconds } = notifications;
  const pages = pagesAt(publicUrl);
  const credentials = new Credentials(credentialsDirectory);
  const secret = (name: string): Promise<string> => credentials.read(name);
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  const addresses = new ReachableAddresses(privateReceivers);
  return {
    email: mailCourier({
      ...{ pages, host, sendmail, timeoutSeconds, secret },
      endOfLog: (build) => ends.of(build),
    }),
    webhook: webhookCourier({ pages, addresses, timeoutSeconds, secret, clock: () => Date.now() }),
  };
}
