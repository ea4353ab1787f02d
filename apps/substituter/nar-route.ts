/**
 * Nars, whole or in part. Where an nginx stands before that knows of the files, it sends them
 * (X-Accel-Redirect), and what is done here is to look, to note the read and to name the file.
 */
import { Logger } from '@nestjs/common';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { NarStore } from '#application/ports/nar-store.js';
import type { ToldFile } from '#application/ports/offered-paths.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { cacheControl, type Lifetimes } from '#domain/substitute/lifetimes.js';
import type { Compression } from '#domain/substitute/offered-path.js';
import type { Store } from '#domain/substitute/store.js';
import { hashPartLength } from '#formats/store-path.js';
import { parseRange, type ByteRange } from '#nest/byte-range.js';
import { isUnchanged } from './answers/answer-bytes.js';
import type { NarFiles } from './nar-files.js';
import type { ReadNotes } from './read-notes.js';
import { copied, sendMiss, streamed, type Exchange } from './respond.js';

export interface NarRouteParts {
  readonly nars: Pick<NarStore, 'open' | 'size'>;
  readonly files: NarFiles;
  readonly notes: ReadNotes;
  readonly lifetimes: Lifetimes;
  /** The header by which a proxy sends the file itself; null when it is sent here. */
  readonly accel: (asked: IncomingHttpHeaders, key: FileKey) => Record<string, string> | null;
  /** Hears of a file that is not as its row says. */
  readonly suspect: (fileKey: string) => void;
}

const narType = 'application/x-nix-nar';

export class NarRoute {
  private readonly logger = new Logger('substitutes');

  constructor(private readonly parts: NarRouteParts) {}

  async byKey(exchange: Exchange, store: Store, key: FileKey): Promise<void> {
    await this.send(exchange, store, await this.parts.files.find(store.id, key));
  }

  /** As Guix names a nar: by its store path, and how it is compressed. */
  async byPath(exchange: Exchange, store: Store, asked: PathNar): Promise<void> {
    await this.send(exchange, store, await this.parts.files.ofPath(store.id, asked));
  }

  private async send(exchange: Exchange, store: Store, file: ToldFile | null): Promise<void> {
    const { request, response } = exchange;
    const { headers: asked } = request;
    if (!file) return this.miss(exchange, store);
    this.parts.notes.note(store.id, file.path.slice(0, hashPartLength));
    const tag = `"${file.fileHash.slice('sha256:'.length)}"`;
    const headers = {
      ETag: tag,
      'Cache-Control': cacheControl('nar', store, this.parts.lifetimes),
      'Accept-Ranges': 'bytes',
    };
    const conditions = { ifNoneMatch: asked['if-none-match'], ifModifiedSince: undefined };
    if (isUnchanged(conditions, { tag, lastModified: '' })) {
      response.writeHead(304, headers).end();
      return;
    }
    const accel = this.parts.accel(asked, file.fileKey);
    if (accel) return this.leave(exchange, { store, file, headers: { ...headers, ...accel } });
    await this.sendPart(exchange, { store, file, headers });
  }

  /** The proxy knows of ranges; that the file is whole is looked at here. */
  private async leave(exchange: Exchange, { store, file, headers }: Sending): Promise<void> {
    const size = await this.parts.nars.size(file.fileKey);
    if (size !== file.fileSize) return this.broken(exchange, { store, file, size });
    exchange.response.writeHead(200, { ...headers, 'Content-Type': narType }).end();
  }

  private async sendPart(exchange: Exchange, sending: Sending): Promise<void> {
    const { request, response } = exchange;
    const { store, file, headers } = sending;
    const range = rangeOf(request.headers, { size: file.fileSize, tag: String(headers['ETag']) });
    if (range === 'unsatisfiable' && request.method === 'GET') {
      const told = { 'Content-Range': `bytes */${file.fileSize}`, 'Content-Length': 0 };
      response.writeHead(416, { ...headers, ...told }).end();
      return;
    }
    const part = request.method === 'GET' && range !== 'unsatisfiable' ? range : null;
    const opened = await this.parts.nars.open(file.fileKey, part ?? undefined);
    try {
      const size = opened?.size ?? null;
      if (!opened || size !== file.fileSize) return this.broken(exchange, { store, file, size });
      const { start, end } = part ?? { start: 0, end: opened.size };
      response.writeHead(part ? 206 : 200, {
        ...headers,
        'Content-Type': narType,
        'Content-Length': end - start,
        ...(part && { 'Content-Range': `bytes ${start}-${end - 1}/${opened.size}` }),
      });
      if (opened.copyTo && request.method === 'GET') await copied(exchange, opened.copyTo);
      else await streamed(exchange, opened.bytes);
    } finally {
      await opened?.close();
    }
  }

  /** A file that is not as its row says is not told: a client is better off building. */
  private broken(
    exchange: Exchange,
    { store, file, size }: Pick<Sending, 'store' | 'file'> & { readonly size: number | null },
  ): void {
    const { fileKey: key, fileSize: expected } = file;
    const found = size === null ? 'is missing' : `has ${size} bytes`;
    this.logger.error(`nar ${key} of an offered path ${found}; its row says ${expected} bytes`);
    this.parts.suspect(key);
    this.miss(exchange, store);
  }

  private miss(exchange: Exchange, store: Store): void {
    sendMiss(exchange, cacheControl('miss', store, this.parts.lifetimes));
  }
}

export interface PathNar {
  /** Base name of the store path. */
  readonly path: string;
  readonly compression: Compression;
}

interface Sending {
  readonly store: Store;
  readonly file: ToldFile;
  readonly headers: OutgoingHttpHeaders;
}

/** A part of what the client has another version of would not fit to it. */
function rangeOf(
  asked: IncomingHttpHeaders,
  { size, tag }: { readonly size: number; readonly tag: string },
): ByteRange | 'unsatisfiable' | null {
  const version = asked['if-range'];
  if (version !== undefined && version !== tag) return null;
  return parseRange(asked.range, size);
}
