/**
 * Logs as Cuirass and `guix publish` send them: plain text, compressed on the way for clients that
 * take it so. A log that still grows is sent as far as it has come.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Readable } from 'node:stream';
import { CuirassLogs } from '#adapters/postgres/cuirass-logs.js';
import { Database } from '#adapters/postgres/database.js';
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { takesGzip } from '#nest/accepted.js';
import { LOG_STORE } from '../farm/tokens.js';
import { gzipped } from '../logs/gzip-text.js';
import type { Exchange } from '../logs/send-log.js';
import { resourceNotFound } from './refusals.js';

@Injectable()
export class RawLogs {
  private readonly keys: CuirassLogs;

  constructor(
    @Inject(LOG_STORE) private readonly logs: LogStore,
    database: Database,
  ) {
    this.keys = new CuirassLogs(database);
  }

  ofBuild(build: number): Promise<LogKey | null> {
    return this.keys.ofBuild(build);
  }

  ofPath(basename: string): Promise<LogKey | null> {
    return this.keys.ofPath(basename);
  }

  /** 404 where there is no log, or nothing in it. */
  async send(key: LogKey | null, { request, reply }: Exchange): Promise<void> {
    const size = key === null ? 0 : await this.logs.size(key);
    if (key === null || size === 0) throw resourceNotFound(request.url);
    const compressed = takesGzip(request.headers['accept-encoding']);
    reply.headers({
      'content-type': 'text/plain; charset=UTF-8',
      'content-disposition': 'inline',
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding',
      ...(compressed ? { 'content-encoding': 'gzip' } : { 'content-length': String(size) }),
    });
    const wanted = request.method !== 'HEAD';
    const text = Readable.from(wanted ? this.logs.read(key, 0, size) : [], { objectMode: false });
    await reply.send(compressed && wanted ? gzipped(text) : text);
  }
}
