/**
 * A small load generator on loopback: keep-alive connections that each send a request when the
 * answer to the one before is whole. It parses only what it needs (status, Content-Length), since a
 * full client would be what is measured.
 */
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

/** Requests per second that were answered with 200; any other answer is an error. */
export async function requestRate(load: Load): Promise<number> {
  const start = process.hrtime.bigint();
  const deadline = start + BigInt(Math.round(load.seconds * 1e9));
  const counts = await Promise.all(
    Array.from({ length: load.connections }, (_, i) => oneConnection(load, i, deadline)),
  );
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}

function oneConnection(load: Load, index: number, deadline: bigint): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(load.port, '127.0.0.1');
    let next = index * 7919;
    let answered = 0;
    let held = Buffer.alloc(0);
    const ask = (): void => {
      const path = load.paths[next % load.paths.length]!;
      next += 1;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    };
    socket.setNoDelay(true);
    socket.on('connect', ask);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const length = answerLength(held);
      if (length === null || held.length < length) return;
      if (!held.subarray(0, 12).equals(okStatus)) {
        reject(refused(socket, held));
        return;
      }
      held = held.subarray(length);
      answered += 1;
      if (process.hrtime.bigint() < deadline) ask();
      else socket.end(() => resolve(answered));
    });
  });
}

const okStatus = Buffer.from('HTTP/1.1 200');

function refused(socket: Socket, held: Buffer): Error {
  socket.destroy();
  return new Error(`the server answered ${held.toString('latin1').slice(0, 300)}`);
}

/** Bytes of the whole answer, or null while its head is not complete. */
function answerLength(held: Buffer): number | null {
  const head = held.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const text = held.toString('latin1', 0, head);
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(text);
  if (!length) throw new Error('an answer without Content-Length');
  return head + 4 + Number(length[1]);
}
