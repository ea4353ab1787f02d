/**
 * Builds start while the evaluation that wants them still runs: real processes, and a door before
 * the substituter that keeps the evaluator's second pack waiting until the test opens it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { GatewayMessage, type BuildMessage, type Hello } from '#protocol/worker.js';
import { FarmOfTwos } from '#testkit/farm-of-twos.js';

/** More than the evaluator registers at once. */
const jobs = 1100;
const system = 'x86_64-linux';

let door: Door;
let farm: FarmOfTwos;

/** Passes requests on; the second pack of derivations waits. */
class Door {
  target = '';
  /** When the second pack has come. */
  readonly knocked: Promise<void>;
  private packs = 0;
  private readonly opened: Promise<void>;
  private knock: () => void = () => undefined;
  open: () => void = () => undefined;

  private constructor(private readonly server: Server) {
    this.knocked = new Promise((resolve) => (this.knock = resolve));
    this.opened = new Promise((resolve) => (this.open = resolve));
  }

  static async listen(): Promise<Door> {
    const server = createServer((incoming, answer) => {
      void door.admit(incoming).then(() => {
        const { method, headers, url = '/' } = incoming;
        const onward = request(new URL(url, door.target), { method, headers }, (got) => {
          answer.writeHead(got.statusCode ?? 502, got.headers);
          got.pipe(answer);
        });
        onward.once('error', () => answer.destroy());
        incoming.pipe(onward);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Door(server);
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async admit({ method, url = '' }: IncomingMessage): Promise<void> {
    if (method !== 'PUT' || !url.includes('/derivations/packs/')) return;
    this.packs += 1;
    if (this.packs === 1) return;
    this.knock();
    await this.opened;
  }
}

beforeAll(async () => {
  door = await Door.listen();
  const environment = { GAMBESON_SUBSTITUTER_URL: door.address };
  farm = await FarmOfTwos.start({ leaseSeconds: 30, environment });
  door.target = farm.addressOf('substituter', 1);
}, 120_000);

afterAll(async () => {
  await farm?.stop();
  await door?.close();
}, 60_000);

describe('an evaluation that is still being read', () => {
  it('has its first builds claimed by a worker', async () => {
    const channel = await farm.newChannel();
    const recipes = Array.from({ length: jobs }, (_, i) => ({
      name: `package-${i}`,
      script: 'mkdir $out',
    }));
    await channel.commitRecipes(recipes);
    await farm.watch('early', channel, { systems: [system] });
    const claimed = claim(await farm.enrol('early-bird'));
    await door.knocked;
    expect((await claimed).derivation).toMatch(/-package-\d+\.drv$/);
    const [reading] = await farm.evaluations('early');
    expect(reading).toMatchObject({ status: 'started' });
    expect(reading!.jobCount).toBeLessThan(jobs);
    door.open();
    const read = await farm.evaluated('early', 1);
    expect(read).toMatchObject({ status: 'succeeded', jobCount: jobs, errorCount: 0 });
  }, 120_000);
});

/** The first build that a worker of one slot gets. */
async function claim({ credential }: { credential: string }): Promise<BuildMessage> {
  const url = `${farm.address.replace('http', 'ws')}/api/v1/workers/connect`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${credential}` } });
  await once(socket, 'open');
  const hello: Hello = {
    ...{ type: 'hello', protocol: [1], version: 'test', systems: [system], features: [] },
    ...{ speed: 1, slots: 1, cores: 1, backends: ['local'], attempts: [] },
  };
  const built = new Promise<BuildMessage>((resolve, reject) => {
    socket.on('message', (data) => {
      const message = GatewayMessage.parse(JSON.parse(String(data as Buffer)));
      if (message.type === 'welcome') socket.send(JSON.stringify({ type: 'claim', slots: [0] }));
      if (message.type === 'build') resolve(message);
    });
    socket.once('close', (code) => reject(new Error(`the gateway hung up: ${code}`)));
  });
  socket.send(JSON.stringify(hello));
  return built.finally(() => socket.close());
}
