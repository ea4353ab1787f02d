/**
 * A store under three strains at once: many uploads, a collection of garbage, and kill -9 of the
 * substituter in the middle, from a seed. Then it can be asked what is left of it.
 */
import { createCipheriv } from 'node:crypto';
import { join } from 'node:path';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { DiskNarStore } from '#adapters/nar-store/disk/disk-nar-store.js';
import { PostgresCollectionLog } from '#adapters/postgres/collection-log.js';
import { PostgresEvaluationGarbage } from '#adapters/postgres/garbage-evaluations.js';
import { PostgresCondemnedFiles } from '#adapters/postgres/garbage-files.js';
import { PostgresGarbageStore } from '#adapters/postgres/garbage-session.js';
import { SubstituterClient } from '#adapters/substituter-client/client.js';
import type { AnsweredProblem } from '#adapters/substituter-client/refusal.js';
import { collectFiles } from '#application/collect-files.js';
import { collectGarbage } from '#application/collect-garbage.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { encodeNix32 } from '#formats/base32.js';
import { FarmFault } from '#std/farm-fault.js';
import { program, surroundings } from '#testkit/fault-farm.js';
import { FarmProcess } from '#testkit/faults/farm-process.js';
import { TcpProxy } from '#testkit/faults/tcp-proxy.js';
import { startApiFarm, type ApiFarm } from '../api-farm.js';
import { Chance } from '../../simulator/chance.js';

export interface Item {
  readonly path: string;
  readonly nar: Uint8Array;
  readonly narHash: string;
  readonly references: readonly string[];
}

const slug = 'nix';
const pieceBytes = 32 * 1024;
/** More than that many failed requests are no accident of a few deaths. */
const mostFaults = 500;

export class KillFarm {
  /** Pieces of nars that were sent so far. */
  private sent = 0;
  private uploading = true;
  private killAt = Infinity;
  private killing: Promise<void> = Promise.resolve();
  private onDeath = (): void => undefined;
  kills = 0;
  /** Uploads that were cut, and went on or began anew. */
  cuts = 0;
  collected = 0;
  unlinked = 0;
  readonly chance: Chance;
  readonly faults: string[] = [];
  private process!: FarmProcess;
  private readonly items = new Map<string, Item>();

  private constructor(
    readonly api: ApiFarm,
    private readonly wire: TcpProxy,
    private readonly ports: { now: number },
    private readonly seed: string,
  ) {
    this.chance = new Chance(seed);
  }

  static async start(seed: string): Promise<KillFarm> {
    const api = await startApiFarm();
    const ports = { now: 0 };
    const wire = await TcpProxy.listen(() => [ports.now]);
    const farm = new KillFarm(api, wire, ports, seed);
    await farm.startSubstituter();
    return farm;
  }

  get address(): string {
    return this.wire.address;
  }

  get data(): string {
    return this.api.parts.settings.dataDirectory;
  }

  /** Contents from the seed; equal names are equal paths, and `twin` makes equal contents. */
  item(name: string, references: readonly Item[], twin = name): Item {
    const chance = this.chance.fork(`contents of ${twin}`);
    const size = chance.whole(1, 10) * 40_000;
    const contents = noise(`${this.seed}/${twin}`, size);
    const nar = encodeNar({ type: 'regular', executable: false, contents });
    const hashPart = encodeNix32(sha256(Buffer.from(name)).subarray(0, 20));
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    const path = `${hashPart}-${name}`;
    const item = { path, nar, narHash, references: references.map((one) => one.path) };
    this.items.set(path, item);
    return item;
  }

  /** Uploads and offers it, as often as the substituter dies meanwhile. */
  async publish(item: Item, client = this.client()): Promise<void> {
    const { path, nar, narHash, references } = item;
    for (;;) {
      try {
        await client.putNar({ slug, path, nar: this.pieces(nar), narHash });
        await client.offer(slug, {
          path,
          narHash,
          narSize: nar.length,
          references: [...references],
        });
        return;
      } catch (error) {
        if (!(error instanceof FarmFault)) throw error;
        await this.mend(error, client);
      }
    }
  }

  client(): SubstituterClient {
    return new SubstituterClient(this.address, this.api.parts.serviceToken);
  }

  /** It dies when so many more pieces were sent, and starts again; resolves when it has. */
  async killAfter(pieces: number): Promise<void> {
    if (!this.uploading) return;
    await new Promise<void>((resolve) => {
      this.onDeath = resolve;
      this.killAt = this.sent + pieces;
    });
    await this.killing;
  }

  /** Nothing is sent any more: neither deaths nor garbage are waited for. */
  uploadsEnded(): void {
    this.uploading = false;
    this.onDeath();
  }

  /** They were offered a year ago: those that nothing keeps may go. */
  async age(items: readonly Item[]): Promise<void> {
    await this.api.parts.database.execute(
      `update store_paths set offered_at = now() - interval '1 year', read_at = null
        where path = any ($1)`,
      [items.map(({ path }) => path)],
    );
  }

  async pin(item: Item): Promise<void> {
    await this.api.parts.database.execute(
      `insert into pins (store_id, path) select id, $1 from stores where slug = $2`,
      [item.path, slug],
    );
  }

  /** Rows and files go, some of these each time, as long as anybody uploads. */
  async collect(idle: readonly Item[]): Promise<void> {
    const { database } = this.api.parts;
    const nars = new DiskNarStore(join(this.data, 'nars'));
    const logs = new DiskLogStore(join(this.data, 'logs'));
    const condemned = new PostgresCondemnedFiles(database);
    const fault = (): void => undefined;
    const unlink = async (): Promise<void> => {
      this.unlinked += await collectFiles({ condemned, nars, logs, grace: 0, fault });
    };
    const chance = this.chance.fork('garbage');
    do {
      await this.age(Array.from({ length: 6 }, () => chance.pick(idle)));
      await database.execute(`insert into collections (wished_by) values ('person')`);
      const end = await collectGarbage({
        log: new PostgresCollectionLog(database),
        evaluations: new PostgresEvaluationGarbage(database),
        garbage: new PostgresGarbageStore(database),
        now: () => performance.now(),
        rest: async () => undefined,
      });
      if (end?.fault) throw new Error(end.fault);
      this.collected += end?.collected.paths ?? 0;
      // Rows that went lately have files still, which an upload may name meanwhile.
      if (chance.odds(0.2)) await unlink();
    } while (this.uploading);
    await unlink();
    await logs.close();
  }

  async stop(): Promise<void> {
    await this.killing;
    await this.process?.stop();
    await this.wire.close();
    await this.api.stop();
  }

  private async *pieces(nar: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < nar.length; at += pieceBytes) {
      yield nar.subarray(at, at + pieceBytes);
      this.sent += 1;
      if (this.sent < this.killAt) continue;
      this.killAt = Infinity;
      this.killing = this.killAndStart();
      this.onDeath();
    }
  }

  private async killAndStart(): Promise<void> {
    this.kills += 1;
    await this.process.kill();
    this.wire.cut();
    await this.startSubstituter();
  }

  /** A reference that was let go meanwhile is published anew; a dead substituter is waited for. */
  private async mend(fault: FarmFault, client: SubstituterClient): Promise<void> {
    const { missing, type } = (fault.cause ?? {}) as AnsweredProblem;
    // Two offer the same path: the first used up the nar, and the path was let go again since.
    if (type === 'urn:gambeson:problem:not-uploaded') return;
    for (const path of missing ?? []) {
      const lost = this.items.get(path);
      if (!lost) throw fault;
      await this.publish(lost, client);
    }
    if (missing) return;
    if (fault.retry === 'never') throw fault;
    this.cuts += 1;
    await this.killing;
    this.faults.push(fault.message);
    if (this.faults.length > mostFaults) throw fault;
  }

  private async startSubstituter(): Promise<void> {
    const { settings } = this.api.parts;
    this.process = FarmProcess.start({
      name: 'substituter',
      command: [process.execPath, program('substituter')],
      environment: {
        ...surroundings(),
        GAMBESON_DATA: this.data,
        DATABASE_URL: settings.databaseUrl,
        GAMBESON_PORT: '0',
        GAMBESON_SUBSTITUTER_URL: this.address,
        GAMBESON_GC_GRACE_SECONDS: '0',
        GAMBESON_SCRUB_MB_PER_SECOND: '0',
      },
      ready: /^substituter listening on http/,
    });
    await this.process.ready();
    this.ports.now = this.process.port;
  }
}

/** Bytes that no compressor makes smaller, the same for the same name. */
function noise(name: string, size: number): Uint8Array {
  const cipher = createCipheriv('aes-128-ctr', sha256(Buffer.from(name)).subarray(0, 16), zeros);
  return Uint8Array.from(cipher.update(Buffer.alloc(size)));
}

const zeros = Buffer.alloc(16);
