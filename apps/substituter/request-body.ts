/**
 * Bodies as they are read here: never destroyed with the loop that reads them, since that would cut
 * the connection before its sender has heard why; and never waited for without end.
 */
import type { IncomingMessage } from 'node:http';
import type { Exchange } from './respond.js';

/** Milliseconds that a sender may be silent. */
const longestSilence = 60_000;

/**
 * Says that the body may come, and gives it. A sender that goes away is an error of the iteration.
 */
export function bodyOf(exchange: Exchange): AsyncIterable<Uint8Array> {
  const { request, response } = exchange;
  if (exchange.expectsContinue) response.writeContinue();
  exchange.expectsContinue = false;
  request.setTimeout(longestSilence, () => request.destroy());
  return pieces(request);
}

async function* pieces(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}

/** The whole body; null when it is longer than `limit` bytes. */
export async function wholeBody(exchange: Exchange, limit: number): Promise<Buffer | null> {
  const said = Number(exchange.request.headers['content-length'] ?? 0);
  if (said > limit) return null;
  const gathered: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bodyOf(exchange)) {
    size += piece.length;
    if (size > limit) return null;
    gathered.push(piece);
  }
  return Buffer.concat(gathered, size);
}

/** Bytes, and milliseconds, that a refused body is still listened to. */
const patience = { bytes: 64 * 1024 * 1024, milliseconds: 10_000 };

/**
 * Lets the rest of a refused body run out. A connection that is closed on bytes that nobody read is
 * reset, and its sender never sees the answer that says why.
 */
export function restOf(request: IncomingMessage): Promise<void> {
  if (request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let left = patience.bytes;
    const timer = setTimeout(resolve, patience.milliseconds);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on('data', (bytes: Uint8Array) => {
      left -= bytes.length;
      if (left < 0) done();
    });
    request.on('end', done);
    request.on('close', done);
    request.on('error', done);
    request.resume();
  });
}

export function contentType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}
