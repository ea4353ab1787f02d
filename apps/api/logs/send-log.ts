/**
 * Sends a log as it was written: whole, some of its lines, or one byte range (RFC 9110, section
 * 14); as plain text that no browser takes for anything else, compressed for whoever takes that.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LogStore } from '#application/ports/log-store.js';
import { takesGzip } from '#nest/accepted.js';
import { parseRange } from '#nest/byte-range.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { gzipped } from './gzip-text.js';
import { isExpired, type KnownLog } from './logs-of.js';

export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Bytes [start, end) of the log. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Sending {
  readonly log: KnownLog;
  /** Null for all of it. */
  readonly span: Span | null;
  readonly download: boolean;
}

/** Less is not worth a header. */
const worthCompressingBytes = 1024;

/** Throws 404 for lines that there are not, 410 for a log that was removed, 416 for its range. */
export async function sendLog(logs: LogStore, what: Sending, at: Exchange): Promise<void> {
  const { log } = what;
  const size = log.key === null ? 0 : await logs.size(log.key);
  if (isExpired(log, size)) throw expired();
  if (what.span && what.span.start >= what.span.end) throw notFound('such line of this log');
  const part = what.span ?? partOf(at.request, size);
  const { start, end } = part ?? { start: 0, end: size };
  const isPartial = part !== null && what.span === null;
  // What was written stays as it is: its length is its version.
  const tag = `"${log.key ?? 'none'}-${start}-${end}"`;
  at.reply.headers({
    ...safe(log, what.download),
    'cache-control': log.ended ? 'public, max-age=300' : 'no-cache',
  });
  if (!isPartial) at.reply.header('etag', tag);
  if (!isPartial && at.request.headers['if-none-match']?.includes(tag)) {
    return void (await at.reply.status(304).send());
  }
  // The size is promised, so a log that grows meanwhile is cut where it was.
  const bytes =
    log.key === null || start === end || at.request.method === 'HEAD'
      ? []
      : logs.read(log.key, start, end);
  const text = Readable.from(bytes, { objectMode: false });
  if (isPartial) {
    at.reply.status(206).header('content-range', `bytes ${start}-${end - 1}/${size}`);
  } else if (what.span === null) at.reply.header('accept-ranges', 'bytes');
  const compress =
    !isPartial &&
    end - start > worthCompressingBytes &&
    takesGzip(at.request.headers['accept-encoding']);
  if (!compress) return void (await at.reply.header('content-length', end - start).send(text));
  await at.reply.header('content-encoding', 'gzip').send(gzipped(text));
}

function safe(log: KnownLog, download: boolean): Readonly<Record<string, string>> {
  return {
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': download ? `attachment; filename="${log.name}.log"` : 'inline',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    vary: 'Accept-Encoding',
  };
}

function partOf(request: FastifyRequest, size: number): Span | null {
  const range = parseRange(request.headers.range, size);
  if (range !== 'unsatisfiable') return range;
  throw new ProblemException({
    status: 416,
    kind: 'range',
    detail: `The log has ${size} bytes.`,
    headers: { 'content-range': `bytes */${size}` },
  });
}

function expired(): ProblemException {
  const detail = 'This log was removed, as what is kept says; the build itself is still known.';
  return new ProblemException({ status: 410, kind: 'log-expired', detail });
}
