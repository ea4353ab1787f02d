/**
 * What everybody may read besides narinfos: nars, logs, derivation packs, and how to use the farm.
 */
import { Logger } from '@nestjs/common';
import type { LogStore } from '#application/ports/log-store.js';
import type { NarStore } from '#application/ports/nar-store.js';
import type { PackStore } from '#application/ports/pack-store.js';
import type { PushedLogs } from '#application/ports/pushed-logs.js';
import type { SubstituteStore } from '#application/ports/substitute-store.js';
import { findPack } from '#application/store-pack.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import type { Store } from '#domain/substitute/store.js';
import type { NarSizes } from './nar-sizes.js';
import { send, sendMiss, sendStored, type Exchange } from './respond.js';
import { welcomeText } from './welcome.js';

export interface ReadParts {
  readonly substitutes: SubstituteStore;
  readonly packs: PackStore;
  readonly nars: NarStore;
  readonly logs: Pick<LogStore, 'size' | 'read'>;
  readonly pushedLogs: Pick<PushedLogs, 'find'>;
  readonly sizes: NarSizes;
  /** What clients of a store trust, with its line end. */
  readonly publicKeys: (store: Store) => string;
  /** Where clients reach the farm. */
  readonly address: string;
  /** Hears of a file that is not as its row says. */
  readonly suspect: (fileKey: string) => void;
}

const plainType = 'text/plain; charset=utf-8';
const narType = 'application/x-nix-nar';

export class ReadRoutes {
  private readonly logger = new Logger('substitutes');
  private readonly infos = new Map<string, string>();

  constructor(private readonly parts: ReadParts) {}

  welcome(exchange: Exchange, store: Store | null): void {
    const { address, publicKeys } = this.parts;
    const keys = store ? publicKeys(store).trimEnd().split('\n') : [];
    send(exchange, { type: plainType, body: welcomeText(address, keys.join(' ')) });
  }

  publicKey(exchange: Exchange, store: Store): void {
    send(exchange, { type: plainType, body: this.parts.publicKeys(store) });
  }

  /** Stores do not change while the farm runs, so what was read once is told even in an outage. */
  async cacheInfo(exchange: Exchange, slug: string): Promise<void> {
    const dir = this.infos.get(slug) ?? (await this.parts.substitutes.directory(slug));
    if (dir === null) return sendMiss(exchange);
    this.infos.set(slug, dir);
    const body = `StoreDir: ${dir}\nWantMassQuery: 1\nPriority: 40\n`;
    send(exchange, { type: 'text/x-nix-cache-info', body });
  }

  /** A file that is not as its row says is not told: a client is better off building. */
  async nar(exchange: Exchange, slug: string, key: FileKey): Promise<void> {
    const expected = await this.parts.sizes.sizeOf(slug, key);
    if (expected === null) return sendMiss(exchange);
    const file = await this.parts.nars.open(key);
    try {
      if (file?.size === expected) {
        return await sendStored(exchange, { type: narType, size: file.size, bytes: file.bytes });
      }
      const found = file ? `has ${file.size} bytes` : 'is missing';
      this.logger.error(`nar ${key} of an offered path ${found}; its row says ${expected} bytes`);
      this.parts.suspect(key);
      sendMiss(exchange);
    } finally {
      await file?.close();
    }
  }

  async log(exchange: Exchange, slug: string, derivation: string): Promise<void> {
    const attempt = await this.parts.packs.lastAttempt(slug, derivation);
    const key = attempt
      ? (`attempt-${attempt}` as const)
      : await this.parts.pushedLogs.find(slug, derivation);
    if (key === null) return sendMiss(exchange);
    const size = await this.parts.logs.size(key);
    const bytes = this.parts.logs.read(key, 0, size);
    await sendStored(exchange, { type: 'text/plain; charset=utf-8', size, bytes });
  }

  async derivation(exchange: Exchange, slug: string, path: string): Promise<void> {
    const found = await findPack(this.parts, { slug, path });
    if (found.kind === 'none') return sendMiss(exchange);
    if (found.kind === 'lost') {
      this.logger.error(`derivation pack ${found.hash} is missing or has another size`);
      return sendMiss(exchange);
    }
    const { size, bytes } = found.file;
    try {
      const headers = { 'X-Pack': found.hash };
      await sendStored(exchange, { type: 'application/zstd', size, bytes, headers });
    } finally {
      await found.file.close();
    }
  }
}
