/** What people ask to be kept and to be let go, and in HTTP why that is refused. */
import { Inject, Injectable } from '@nestjs/common';
import { CollectionQueries } from '#adapters/postgres/collection-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresDiskStore } from '#adapters/postgres/disk-store.js';
import { GivenReleases, type ReleaseRefusal } from '#adapters/postgres/given-releases.js';
import { PinStore } from '#adapters/postgres/pin-store.js';
import type { Bus } from '#application/ports/bus.js';
import { worstLevel } from '#domain/retention/disk-level.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type {
  CollectionAnswer,
  CollectionRequest,
  DiskAnswer,
  FarmAnswer,
  PinAnswer,
  PinRequest,
  ReleaseAnswer,
  ReleaseRequest,
} from '#protocol/api/retention.js';
import { BUS } from '../farm/tokens.js';

@Injectable()
export class Retention {
  readonly pins: PinStore;
  readonly releases: GivenReleases;
  readonly collections: CollectionQueries;
  private readonly disks: PostgresDiskStore;

  constructor(
    database: Database,
    @Inject(BUS) private readonly bus: Bus,
  ) {
    this.pins = new PinStore(database);
    this.releases = new GivenReleases(database);
    this.collections = new CollectionQueries(database);
    this.disks = new PostgresDiskStore(database);
  }

  async pin({ path, store, note, expiresAt }: PinRequest): Promise<PinAnswer[]> {
    const cut = path.lastIndexOf('/');
    const pinned = await this.pins.add({
      path: path.slice(cut + 1),
      dir: cut < 0 ? null : path.slice(0, cut),
      slug: store ?? null,
      note,
      expiresAt: expiresAt ?? null,
    });
    if (pinned.length === 0) throw notFound(`offered path ${path}${store ? ` in ${store}` : ''}`);
    return pinned;
  }

  async release(request: ReleaseRequest): Promise<ReleaseAnswer> {
    const created = await this.releases.create(request);
    if (created.ok) return created.value;
    const what = `evaluation ${request.evaluation}`;
    if (created.error.kind === 'no-evaluation') throw notFound(what);
    const detail = `Evaluation ${request.evaluation} cannot be released: ${whyNot(created.error)}`;
    throw new ProblemException({ status: 409, kind: 'release-refused', detail });
  }

  async collect(request: CollectionRequest): Promise<CollectionAnswer> {
    const wished = await this.collections.wish(request);
    await this.bus.publish('collections', wished.id);
    return wished;
  }

  async farm(): Promise<FarmAnswer> {
    const short = await this.disks.short();
    const disks = short.flatMap(({ level, since, ...disk }): DiskAnswer[] =>
      level === 'roomy' ? [] : [{ ...disk, level, since: since.toISOString() }],
    );
    return { disk: worstLevel(short.map((one) => one.level)), disks };
  }
}

function whyNot(refusal: Exclude<ReleaseRefusal, { kind: 'no-evaluation' }>): string {
  return refusal.kind === 'pruned'
    ? 'its builds are gone; retry it and release the new one.'
    : `it is ${refusal.status}; only one that succeeded can.`;
}
