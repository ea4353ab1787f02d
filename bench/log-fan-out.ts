/**
 * One log that grows and 1,000 who follow it, over real sockets: the feed of the api (the bytes are
 * kept, read again and printed once) against a bare loop that prints each piece and writes it to
 * all. Both sides are one process with its readers.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { LogFeed } from '../apps/api/logs/log-feed.js';
import { LogViewer, printEvent } from '../apps/api/logs/log-viewer.js';
import type { Contest } from './contest.js';

const viewers = 1000;
const pieces = 150;
const piece = Buffer.from(`${'x'.repeat(119)}\n`.repeat(34));
/** Pieces under way at once; a log comes in credit windows too. */
const window = 4;

interface Crowd {
  readonly server: Server;
  readonly answers: readonly ServerResponse[];
  readonly sockets: readonly Socket[];
  /** Bytes that each has. */
  readonly taken: Float64Array;
  /** Resolves when all have so many more bytes. */
  reach(bytes: number): Promise<void>;
  close(): Promise<void>;
}

async function gather(): Promise<Crowd> {
  const answers: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    answers.push(response);
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const taken = new Float64Array(viewers);
  let look: () => void = () => undefined;
  const sockets: Socket[] = [];
  for (let at = 0; at < viewers; at += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (bytes) => {
      taken[at] = taken[at]! + bytes.length;
      look();
    });
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    sockets.push(socket);
  }
  return {
    ...{ server, answers, sockets, taken },
    reach: (bytes) =>
      new Promise((resolve) => {
        let behind = 0;
        look = () => {
          // Looks on from the one that was behind: nobody loses what it has.
          while (behind < viewers && taken[behind]! >= bytes) behind += 1;
          if (behind === viewers) resolve();
        };
        look();
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Megabytes of the log delivered in a second, to all of them together. */
async function rate(tell: (crowd: Crowd) => Promise<(piece: number) => Promise<void>>) {
  const crowd = await gather();
  try {
    const one = await tell(crowd);
    const begin = crowd.taken.map((has) => has);
    const least = (pieces * piece.length) as number;
    const start = performance.now();
    for (let at = 0; at < pieces; at += 1) {
      await one(at);
      // Whoever is too far ahead waits, as a worker's credit makes it.
      await crowd.reach(Math.min(...begin) + Math.max(0, at - window) * piece.length);
    }
    await crowd.reach(Math.max(...begin) + least);
    return (viewers * least) / 1e6 / ((performance.now() - start) / 1000);
  } finally {
    await crowd.close();
  }
}

function bareLoop(): Promise<number> {
  return rate(async ({ answers }) => async (at) => {
    const frame = printEvent('log', piece.toString(), at * piece.length);
    for (const answer of answers) answer.write(frame);
  });
}

async function ourFeed(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'log-fan-out-'));
  const logs = new DiskLogStore(directory);
  const key = 'attempt-1';
  try {
    return await rate(async ({ answers }) => {
      const lines = () => Promise.reject(new Error('nobody reads lines'));
      const feed = new LogFeed({ key, logs, lines });
      await logs.append(key, 0, Buffer.from('\n'));
      await Promise.all(answers.map((answer) => feed.join(new LogViewer(answer, 'text', 0))));
      return async (at) => {
        await logs.append(key, 1 + at * piece.length, piece);
        await feed.look(false);
      };
    });
  } finally {
    await logs.close();
    await rm(directory, { recursive: true, force: true });
  }
}

export async function logFanOut(): Promise<Contest> {
  return {
    name: 'log-fan-out',
    unit: 'MB/s to all viewers',
    better: 'high',
    floor: { name: 'a bare loop', round: bareLoop },
    contender: { name: 'the api’s feed', round: ourFeed },
    target: { ratio: 0.9 },
  };
}
