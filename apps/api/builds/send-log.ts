/** Sends a log as plain text, whole or one byte range of it (RFC 9110, section 14). */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { ProblemException } from '#nest/problem.js';
import { parseRange } from './byte-range.js';

export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export async function sendLog(logs: LogStore, key: LogKey | null, at: Exchange): Promise<void> {
  const size = key === null ? 0 : await logs.size(key);
  const range = parseRange(at.request.headers.range, size);
  if (range === 'unsatisfiable') {
    throw new ProblemException({
      status: 416,
      kind: 'range',
      detail: `The log has ${size} bytes.`,
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: size };
  // The size is promised, so a log that grows meanwhile is cut where it was.
  at.reply.status(range ? 206 : 200).headers({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(end - start),
    'accept-ranges': 'bytes',
    'cache-control': 'no-cache',
    ...(range && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  const bytes = key === null || start === end ? [] : logs.read(key, start, end);
  await at.reply.send(Readable.from(bytes, { objectMode: false }));
}
