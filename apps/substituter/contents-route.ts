/**
 * What is read out of nars: listings (`HASH.ls`), and files of fixed outputs by their hash. Both
 * unfold a nar, so that one is made at a time, and listings are held for those who ask again.
 */
import { once } from 'node:events';
import { isReadable, narEvents } from '#adapters/nar-store/nar-events.js';
import type { NarStore } from '#application/ports/nar-store.js';
import type { OfferedPaths, ToldPath } from '#application/ports/offered-paths.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { cacheControl, type Lifetimes } from '#domain/substitute/lifetimes.js';
import type { NarFile } from '#domain/substitute/offered-path.js';
import type { Store } from '#domain/substitute/store.js';
import type { Hash } from '#formats/hash.js';
import { NarLister } from '#formats/nar/lister.js';
import { fixedOutputPath, hashPartLength } from '#formats/store-path.js';
import { sendMiss, type Exchange } from './respond.js';

export interface ContentsParts {
  readonly offered: Pick<OfferedPaths, 'lookup'>;
  readonly nars: Pick<NarStore, 'open'>;
  readonly lifetimes: Lifetimes;
}

/** A file as its hash and its name give it: the flat output of a derivation that declared both. */
export interface NamedFile {
  readonly name: string;
  readonly hash: Hash;
}

/** Entries of a listing at most; what has more is not listed. */
const largestListing = 300_000;
/** Bytes of listings that are held. */
const heldBytes = 16 * 1024 * 1024;

export class ContentsRoute {
  private readonly held = new Map<string, string>();
  private size = 0;
  private working: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: ContentsParts) {}

  /** What made an offered path, as far as it is known. */
  async deriver(store: Store, path: string): Promise<string | null> {
    const told = await this.parts.offered.lookup(store.id, path.slice(0, hashPartLength));
    return told?.path === path ? told.deriver : null;
  }

  async listing(exchange: Exchange, store: Store, hashPart: string): Promise<void> {
    const file = readableFile(await this.parts.offered.lookup(store.id, hashPart));
    const text =
      file && (this.held.get(file.fileKey) ?? (await this.inTurn(() => this.list(file))));
    if (!text) return this.miss(exchange, store);
    const { request, response } = exchange;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': cacheControl('narinfo', store, this.parts.lifetimes),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async file(exchange: Exchange, store: Store, { name, hash }: NamedFile): Promise<void> {
    const path = fixedOutputPath({ dir: store.dir, name, hash, recursive: false });
    const hashPart = path.slice(store.dir.length + 1, store.dir.length + 1 + hashPartLength);
    const file = readableFile(await this.parts.offered.lookup(store.id, hashPart));
    const sent = file !== null && (await this.sendFile(exchange, store, file));
    if (!sent) this.miss(exchange, store);
  }

  /** False when there is no single file, and nothing was said yet. */
  private async sendFile(exchange: Exchange, store: Store, file: NarFile): Promise<boolean> {
    const { request, response } = exchange;
    const opened = await this.parts.nars.open(file.fileKey as FileKey);
    if (!opened) return false;
    const { compression } = file;
    try {
      for await (const event of narEvents({ compression, bytes: opened.bytes })) {
        if (event.kind === 'regular') {
          response.writeHead(200, {
            'Content-Type': 'application/octet-stream',
            'Content-Length': event.size,
            'Cache-Control': cacheControl('nar', store, this.parts.lifetimes),
          });
          if (request.method === 'HEAD') break;
        } else if (event.kind === 'contents') {
          if (response.destroyed) break;
          if (!response.write(event.bytes)) await drained(exchange);
        } else if (event.kind !== 'end') return false;
      }
    } finally {
      await opened.close();
    }
    if (response.headersSent) response.end();
    return response.headersSent;
  }

  private async list(file: NarFile): Promise<string | null> {
    const held = this.held.get(file.fileKey);
    if (held) return held;
    const opened = await this.parts.nars.open(file.fileKey as FileKey);
    if (!opened) return null;
    const lister = new NarLister();
    let whole = false;
    try {
      for await (const event of narEvents({ ...file, bytes: opened.bytes })) {
        lister.take(event);
        if (lister.size > largestListing) return null;
        whole = event.kind === 'end';
      }
    } finally {
      await opened.close();
    }
    const text = whole ? lister.print() : null;
    if (text) this.hold(file.fileKey, text);
    return text;
  }

  /** What is named by its hash never changes; what was held longest goes first. */
  private hold(key: string, text: string): void {
    this.held.set(key, text);
    this.size += text.length;
    for (const [oldest, { length }] of this.held) {
      if (this.size <= heldBytes) return;
      this.held.delete(oldest);
      this.size -= length;
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.working.then(work);
    this.working = done.catch(() => undefined);
    return done;
  }

  private miss(exchange: Exchange, store: Store): void {
    sendMiss(exchange, cacheControl('miss', store, this.parts.lifetimes));
  }
}

function readableFile(path: ToldPath | null): NarFile | null {
  return path?.files.find((file) => isReadable(file.compression)) ?? null;
}

async function drained({ response }: Exchange): Promise<void> {
  await Promise.race([once(response, 'drain'), once(response, 'close')]);
}
