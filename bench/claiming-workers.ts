/** Workers of the bench: connected to a real gateway, they claim and note when each build comes. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Hello } from '#protocol/worker.js';

export const workerSecret = 'a-secret-of-the-bench';

export interface ClaimingWorkers {
  /** Seconds until every slot of every worker has a build. */
  claimAll(): Promise<number>;
  /** Milliseconds from each claim to its build, with so many claims a second, come what may. */
  claimSteadily(perSecond: number): Promise<number[]>;
  close(): Promise<void>;
}

export interface Farmhands {
  readonly port: number;
  readonly workers: number;
  readonly slots: number;
  readonly system: string;
}

export async function connectWorkers(hands: Farmhands): Promise<ClaimingWorkers> {
  const sockets = await Promise.all(
    Array.from({ length: hands.workers }, (_, i) => greet(hands, i + 1)),
  );
  return {
    claimAll: async () => {
      const builds = hands.workers * hands.slots;
      const begun = performance.now();
      const slots = Array.from({ length: hands.slots }, (_, slot) => slot);
      const all = arrivals(sockets, builds, () => undefined);
      for (const socket of sockets) socket.send(JSON.stringify({ type: 'claim', slots }));
      await all;
      return (performance.now() - begun) / 1000;
    },
    claimSteadily: (perSecond) => claimSteadily(sockets, hands, perSecond),
    close: async () => {
      await Promise.all(
        sockets.map(async (socket) => {
          const closed = once(socket, 'close');
          socket.removeAllListeners('message').close();
          await closed;
        }),
      );
    },
  };
}

/** Each claim has its moment; a late timer sends all that are due, with their own moments kept. */
async function claimSteadily(
  sockets: readonly WebSocket[],
  hands: Farmhands,
  perSecond: number,
): Promise<number[]> {
  const total = hands.workers * hands.slots;
  const begun = performance.now();
  const dueOf = (claim: number): number => begun + (claim * 1000) / perSecond;
  const waits: number[] = [];
  const all = arrivals(sockets, total, (worker, slot) => {
    waits.push(performance.now() - dueOf(slot * hands.workers + worker));
  });
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent < total && dueOf(sent) <= performance.now(); sent += 1) {
      const slots = [Math.floor(sent / hands.workers)];
      sockets[sent % hands.workers]!.send(JSON.stringify({ type: 'claim', slots }));
    }
    if (sent === total) clearInterval(timer);
  }, 1);
  await all;
  return waits;
}

function arrivals(
  sockets: readonly WebSocket[],
  builds: number,
  note: (worker: number, slot: number) => void,
): Promise<void> {
  let claimed = 0;
  return new Promise((resolve, reject) => {
    sockets.forEach((socket, worker) => {
      socket.removeAllListeners('message').on('message', (data) => {
        const told = JSON.parse(String(data)) as { type: string; slot: number };
        if (told.type !== 'build') return;
        note(worker, told.slot);
        claimed += 1;
        if (claimed === builds) resolve();
      });
      socket.once('close', () => reject(new Error('the gateway hung up')));
    });
  });
}

async function greet(hands: Farmhands, worker: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${hands.port}/api/v1/workers/connect`, {
    headers: { authorization: `Bearer ${worker}.${workerSecret}` },
  });
  await once(socket, 'open');
  const welcomed = once(socket, 'message');
  socket.send(JSON.stringify(helloOf(hands)));
  const [answer] = await welcomed;
  if (!String(answer).startsWith('{"type":"welcome"')) throw new Error(String(answer));
  return socket;
}

function helloOf({ slots, system }: Farmhands): Hello {
  return {
    type: 'hello',
    protocol: [1],
    version: 'bench',
    systems: [system],
    features: [],
    speed: 1,
    slots,
    cores: 1,
    backends: ['nix'],
    attempts: [],
  };
}
