/** Puts the substituter together from its settings and starts it. */
import { Logger } from '@nestjs/common';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { DerivationPackCodec } from '#adapters/nar-store/derivation-pack-codec.js';
import type { NarThreads } from '#adapters/nar-store/nar-threads.js';
import { openNarStore, type OpenedNarStore } from '#adapters/nar-store/open-nar-store.js';
import { openRepacked } from '#adapters/nar-store/repacked-nar.js';
import { ZstdNarMeter } from '#adapters/nar-store/zstd-nar-meter.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresDiskStore } from '#adapters/postgres/disk-store.js';
import { PostgresPackStore } from '#adapters/postgres/pack-store.js';
import { PostgresPushedLogs } from '#adapters/postgres/pushed-logs.js';
import { PostgresSubstituteStore } from '#adapters/postgres/substitute-store.js';
import { PostgresTokenStore } from '#adapters/postgres/token-store.js';
import { DiskWatch } from '#adapters/system/disk-watch.js';
import { ensureSecret } from '#adapters/system/secret.js';
import type { StartMeter } from '#application/ports/nar-meter.js';
import type { Store } from '#domain/substitute/store.js';
import { Accel } from '#nest/accel.js';
import type { Settings } from '#nest/settings.js';
import { startApp } from '#nest/start-app.js';
import { Background } from './background/background.js';
import { Credentials } from './credential.js';
import { Front, type Routes } from './front.js';
import { GarbageFiles } from './garbage-files.js';
import { GuardedNars } from './guarded-nars.js';
import { followKeys, openKeyRing } from './keys/open-key-ring.js';
import { publicKeyText } from './keys/public-files.js';
import { Mirror } from './mirror/mirror.js';
import { printSigned } from './print-narinfo.js';
import { PushRoutes } from './push-routes.js';
import { ReadRoutes } from './read-routes.js';
import { serveNarinfos } from './serve-narinfos.js';
import { SubstituterModule } from './substituter.module.js';
import { UploadRoute } from './upload-route.js';
import { WriteRoutes } from './write-routes.js';

/** Milliseconds that uploads under way have when the process is told to stop. */
const drainTime = 10_000;
/** Seconds after which a staged file belongs to a process that died. */
const abandoned = 3600;

/** Without threads, all nars are measured in the one that serves. */
export async function startSubstituter(
  settings: Settings,
  threads?: NarThreads,
): Promise<NestFastifyApplication> {
  const database = new Database(settings.databaseUrl, 10, 'substituter');
  const nars = await openNarStore(settings);
  await mkdir(settings.dataDirectory, { recursive: true });
  await nars.sweepStaged(abandoned);
  const logs = new DiskLogStore(join(settings.dataDirectory, 'logs'));
  const disk = watchDisk(settings, database);
  const guarded = new GuardedNars(nars, disk);
  const background = new Background({ database, nars: guarded, settings });
  const limits = { largestNar: settings.maxNarBytes, threads };
  const startMeter = (): ZstdNarMeter => new ZstdNarMeter(limits);
  const mirror = new Mirror({ database, nars: guarded, startMeter });
  const { graceSeconds } = settings.garbage;
  const garbage = new GarbageFiles({ database, nars, logs, graceSeconds });
  const routes = await routesOf(settings, { database, nars, logs, background, startMeter });
  let front: Front | undefined;
  const ending = {
    drain: async () => front?.drain(drainTime),
    close: async () => {
      await mirror.stop();
      await garbage.stop();
      await disk.stop();
      await background.stop();
      await routes.close();
      await logs.close();
      await nars.close?.();
      await threads?.close();
      await database.close();
    },
  };
  const checks = [
    { name: 'postgres', ask: () => database.query('select 1') },
    { name: 'nar-store', ask: async () => (await nars.stage()).discard() },
  ];
  return startApp({
    name: 'substituter',
    module: SubstituterModule.with(checks, ending),
    settings,
    collect: () => async () => front?.measures() ?? [],
    prepare: async (app) => {
      await disk.start();
      front = new Front({ ...routes, disk }, app.getHttpServer());
      garbage.start();
      await background.start();
      mirror.start();
    },
  });
}

interface Places {
  readonly database: Database;
  readonly nars: OpenedNarStore;
  readonly logs: DiskLogStore;
  readonly background: Background;
  readonly startMeter: StartMeter;
}

function watchDisk(settings: Settings, database: Database): DiskWatch {
  const logger = new Logger('disk');
  return new DiskWatch({
    directory: settings.dataDirectory,
    place: 'the nar store',
    name: `substituter on ${hostname()}`,
    bounds: settings.diskBounds,
    store: new PostgresDiskStore(database),
    announce: (sentence, level) =>
      level === 'hard' ? logger.error(sentence) : logger.warn(sentence),
  });
}

interface Closing {
  close(): Promise<void>;
}

async function routesOf(
  settings: Settings,
  places: Places,
): Promise<Omit<Routes, 'disk'> & Closing> {
  const { database, nars, logs, background, startMeter } = places;
  const ring = openKeyRing(settings);
  const serviceToken = await ensureSecret(settings.serviceTokenFile);
  const substitutes = new PostgresSubstituteStore(database);
  const packs = new PostgresPackStore(database);
  const pushedLogs = new PostgresPushedLogs(database);
  const codec = new DerivationPackCodec();
  const address = settings.substituterUrl;
  const suspect = (fileKey: string): void => background.suspect(fileKey);
  const accel = new Accel(settings.accelPrefix, nars);
  const { stores, ...served } = await serveNarinfos(settings, database, {
    print: (path, store) => printSigned(path, store, ring),
    accel: (asked, key) => accel.headerFor(asked, key),
    ...{ nars, suspect },
  });
  ring.onChange((slug) => {
    const store = stores.known(slug);
    if (store) served.narinfos.changed(store.id, null);
  });
  const unfollow = followKeys(ring, settings.publicKeyFile, () => stores.all());
  const close = async (): Promise<void> => {
    unfollow();
    await served.close();
  };
  const publicKeys = (store: Store): string => publicKeyText(ring, store);
  return {
    ...{ ...served, stores, serviceToken, close },
    reads: new ReadRoutes({
      ...{ packs, nars, logs, pushedLogs, publicKeys, address },
    }),
    writes: new WriteRoutes({ substitutes, packs, nars, codec, serviceToken }),
    uploads: new UploadRoute({ substitutes, nars, startMeter, serviceToken }),
    pushes: new PushRoutes({
      ...{ substitutes, nars, startMeter, logs, pushedLogs, openPushed: openRepacked },
      credentials: new Credentials(new PostgresTokenStore(database)),
      largestLog: settings.maxLogBytes,
    }),
  };
}
