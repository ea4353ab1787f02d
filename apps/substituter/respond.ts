/**
 * Answers on bare `node:http`, with their length always said. Writes are refused with problems (RFC
 * 9457); reads with a line of text, since their clients look at the status alone.
 */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { printProblem, refusalOf, type Refusal } from '#nest/problem.js';
import { FarmFault } from '#std/farm-fault.js';
import { bodyOf, headersOf, httpDate, isUnchanged, validatorsOf } from './answers/answer-bytes.js';
import { restOf } from './request-body.js';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The sender waits for a word before it sends the body; false from when it was given. */
  expectsContinue: boolean;
}

export interface FullAnswer {
  readonly status?: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function send(exchange: Exchange, answer: FullAnswer): void {
  const { request, response } = exchange;
  const body = request.method === 'HEAD' ? '' : answer.body;
  response.writeHead(answer.status ?? 200, {
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
    ...(heldBack(exchange) && { Connection: 'close' }),
    ...answer.headers,
  });
  if (request.complete || heldBack(exchange)) {
    response.end(body);
    return;
  }
  response.write(body);
  void restOf(request).then(() => {
    response.end();
    if (!request.complete) request.destroy();
  });
}

/** The body was never asked for, so that the connection cannot go on. */
function heldBack(exchange: Exchange): boolean {
  return exchange.expectsContinue;
}

/** An answer that was made as bytes, by Node's own HTTP. */
export function sendBytes({ request, response }: Exchange, answer: Buffer): void {
  const headers = headersOf(answer);
  const status = Number(answer.toString('latin1', 9, 12));
  const { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince } = request.headers;
  const conditions = { ifNoneMatch, ifModifiedSince };
  if (status === 200 && isUnchanged(conditions, validatorsOf(answer))) {
    const { tag, lastModified } = validatorsOf(answer);
    const told = headers[headers.indexOf('Cache-Control') + 1]!;
    response.writeHead(304, { ETag: tag, 'Last-Modified': lastModified, 'Cache-Control': told });
    response.end();
    return;
  }
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : bodyOf(answer));
}

/** A refusal as bytes. */
export function faultBytes(refusal: Refusal): Buffer {
  const body = JSON.stringify(printProblem(refusal));
  const more = Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
    `Date: ${httpDate(Date.now())}`,
    ...more,
    'Cache-Control: no-store',
    'Connection: keep-alive',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

/** Without a word a miss must not be kept: what is missing may be there a moment later. */
export function sendMiss(exchange: Exchange, kept = 'no-store'): void {
  const headers = { 'Cache-Control': kept };
  send(exchange, { status: 404, type: 'text/plain', body: 'not found\n', headers });
}

export function sendJson(exchange: Exchange, status: number, value: unknown): void {
  send(exchange, { status, type: 'application/json', body: JSON.stringify(value) });
}

/** `more` are members of the problem's own kind, such as both hashes. */
export function sendProblem(
  exchange: Exchange,
  refusal: Refusal,
  more: Readonly<Record<string, unknown>> = {},
): void {
  send(exchange, {
    status: refusal.status,
    type: 'application/problem+json',
    body: JSON.stringify({ ...printProblem(refusal), ...more }),
    headers: { 'Cache-Control': 'no-store', ...refusal.headers },
  });
}

const unforeseen: Refusal = {
  status: 500,
  kind: 'internal',
  detail: 'The substituter met an error of its own; its log has the rest.',
};

export function refusalFor(thrown: unknown): Refusal {
  if (thrown instanceof FarmFault && thrown.code === 'disk-full') {
    return { status: 507, kind: 'disk-full', detail: `${thrown.message}.` };
  }
  return refusalOf(thrown) ?? unforeseen;
}

/** What a thrown value is answered. An answer that has begun can only be cut. */
export function sendFault(exchange: Exchange, thrown: unknown): Refusal {
  const refusal = refusalFor(thrown);
  const { response } = exchange;
  if (response.headersSent) response.destroy();
  else if (!response.destroyed) sendProblem(exchange, refusal);
  return refusal;
}

interface Stored {
  readonly type: string;
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Bytes whose length is known. */
export async function sendStored(exchange: Exchange, stored: Stored): Promise<void> {
  const { response } = exchange;
  response.writeHead(200, {
    'Content-Type': stored.type,
    'Content-Length': stored.size,
    ...stored.headers,
  });
  await streamed(exchange, stored.bytes);
}

const wentAway = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ECONNRESET',
  'EPIPE',
]);

type CopyTo = (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>;

/** The same by way of a store that copies: each piece is written before the next is asked for. */
export async function copied({ response }: Exchange, copyTo: CopyTo): Promise<void> {
  let gone = (): void => undefined;
  const cut = new Promise<void>((_resolve, reject) => {
    gone = () => reject(closed);
  });
  cut.catch(() => undefined);
  response.once('close', gone);
  const write = (bytes: Uint8Array): Promise<void> =>
    Promise.race([cut, new Promise<void>((resolve) => response.write(bytes, () => resolve()))]);
  try {
    if (response.destroyed) return;
    await copyTo(write);
    response.off('close', gone);
    response.end();
  } catch (error) {
    if (error !== closed) throw error;
  }
}

const closed = new Error('the client went away');

/** The body of an answer whose head is written. A client that goes away is nobody's fault. */
export async function streamed(
  { request, response }: Exchange,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await pipeline(bytes, response).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!wentAway.has(code)) throw error;
  });
}
