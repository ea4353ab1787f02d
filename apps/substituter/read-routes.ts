/**
 * What everybody may read besides narinfos: nars, logs, derivation packs, and how to use the farm.
 */
import { Logger } from '@nestjs/common';
import type { LogStore } from '#application/ports/log-store.js';
import type { NarStore } from '#application/ports/nar-store.js';
import type { PackStore } from '#application/ports/pack-store.js';
import type { PushedLogs } from '#application/ports/pushed-logs.js';
import { findPack } from '#application/store-pack.js';
import type { Store } from '#domain/substitute/store.js';
import { send, sendMiss, sendStored, type Exchange } from './respond.js';
import { welcomeText } from './welcome.js';

export interface ReadParts {
  readonly packs: PackStore;
  readonly nars: NarStore;
  readonly logs: Pick<LogStore, 'size' | 'read'>;
  readonly pushedLogs: Pick<PushedLogs, 'find'>;
  /** What clients of a store trust, with its line end. */
  readonly publicKeys: (store: Store) => string;
  /** Where clients reach the farm. */
  readonly address: string;
}

const plainType = 'text/plain; charset=utf-8';

export class ReadRoutes {
  private readonly logger = new Logger('substitutes');

  constructor(private readonly parts: ReadParts) {}

  welcome(exchange: Exchange, store: Store | null): void {
    const { address, publicKeys } = this.parts;
    const keys = store ? publicKeys(store).trimEnd().split('\n') : [];
    send(exchange, { type: plainType, body: welcomeText(address, keys.join(' ')) });
  }

  /** Nobody is served by a search engine that fetches all nars. */
  robots(exchange: Exchange): void {
    send(exchange, { type: plainType, body: 'User-agent: *\nDisallow: /\n' });
  }

  publicKey(exchange: Exchange, store: Store): void {
    send(exchange, { type: plainType, body: this.parts.publicKeys(store) });
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
