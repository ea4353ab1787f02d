/** A thousand who follow one log over real sockets, in the process that tells them. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { LogIntake } from '../apps/api/gateway/log-intake.js';
import { FollowedBuild } from '../apps/api/logs/followed-build.js';
import { beginEvents, LogViewer, printEvent } from '../apps/api/logs/log-viewer.js';

export const viewers = 1000;
/** Lines of 120 characters. */
export const linesOf = (count: number): Buffer => Buffer.from(`${'x'.repeat(119)}\n`.repeat(count));

export interface Crowd {
  readonly sockets: readonly Socket[];
  /** Bytes that each has. */
  readonly taken: Float64Array;
  /** Resolves when all have so many bytes. */
  reach(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Each one's answer is begun by `open`, and told on by whoever that is. */
export async function gather(open: (response: ServerResponse) => void): Promise<Crowd> {
  const server = createServer((_request, response) => open(response));
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
    ...{ sockets, taken },
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

/** Who tells the crowd more of the log. */
export interface Teller {
  readonly crowd: Crowd;
  tell(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** The least that any program does: each piece is printed and written to all. */
export async function bareTeller(): Promise<Teller> {
  const answers: ServerResponse[] = [];
  const crowd = await gather((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    answers.push(response);
  });
  let end = 0;
  return {
    crowd,
    async tell(bytes) {
      end += bytes.length;
      const frame = printEvent('log', bytes.toString(), end);
      for (const answer of answers) answer.write(frame);
    },
    close: () => crowd.close(),
  };
}

/** Until nobody is sent anything any more: all have what there was. */
async function rested({ taken }: Crowd): Promise<void> {
  for (let before = -1, now = 0; now !== before;) {
    before = now;
    await pause(300);
    now = taken.reduce((sum, has) => sum + has, 0);
  }
}

/** The api’s own: its gateway keeps frames on the disk, the feed hears of them and reads. */
export async function farmTeller(): Promise<Teller> {
  const directory = await mkdtemp(join(tmpdir(), 'log-crowd-'));
  const logs = new DiskLogStore(directory);
  const bus = new FakeBus();
  const intake = new LogIntake({ logs, bus, maxLogBytes: Number.MAX_SAFE_INTEGER });
  const key = 'attempt-1';
  await logs.append(key, 0, Buffer.from('\n'));
  const standing = {
    ...{ status: 'started', reason: null, attempt: 1, number: 1 },
    ...{ attemptStatus: 'started', over: false },
  } as never;
  const followed = new FollowedBuild({
    ...{ standing, logs, bus },
    look: async () => standing,
    library: { lastLines: () => Promise.reject(new Error('nobody reads lines')) },
    onEmpty: () => undefined,
  });
  const crowd = await gather((response) => {
    beginEvents(response, {});
    void followed.add(new LogViewer(response, 'text', 0));
  });
  await rested(crowd);
  let end = 1;
  return {
    crowd,
    async tell(bytes) {
      const start = end;
      end += bytes.length;
      void intake.take({ attempt: 1, offset: start, bytes });
    },
    async close() {
      followed.close();
      await crowd.close();
      await logs.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
