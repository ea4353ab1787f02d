/**
 * Answers what Node's parser could not read as a request: no route, hook or filter ever sees it.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { printProblem } from './problem.js';

/** By the parser's word for it; all else is malformed. */
const refusals: Readonly<Record<string, readonly [status: number, kind: string, detail: string]>> =
  {
    ERR_HTTP_REQUEST_TIMEOUT: [408, 'timeout', 'The request did not arrive in time.'],
    HPE_HEADER_OVERFLOW: [431, 'too-large', 'The headers are larger than what is read.'],
  };
const malformed = [400, 'malformed-request', 'This is no request of HTTP.'] as const;

export function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.write(answerTo(error.code ?? ''));
  socket.destroy(error);
}

function answerTo(code: string): string {
  const [status, kind, detail] = refusals[code] ?? malformed;
  const body = JSON.stringify(printProblem({ status, kind, detail }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
