/**
 * Workers as quiet as a real agent is: each connects, lets one claim stand, beats when it was asked
 * to and pings every five seconds, with the attempt it was given named in each heartbeat.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { BuildMessage, GatewayMessage, Hello, WorkerMessage } from '#protocol/worker.js';

export interface IdleWorkers {
  /** Resolves when so many builds were given in all. */
  given(builds: number): Promise<void>;
  /** Milliseconds of the slowest answer to a heartbeat since the last call. */
  slowest(): number;
  /** How many heartbeats renewed fewer leases than they named. */
  unrenewed(): number;
  /** Every socket is cut, and all workers come again. Milliseconds until the last is welcomed. */
  cut(): Promise<number>;
  close(): Promise<void>;
}

export interface IdleHands {
  readonly port: number;
  readonly workers: number;
  readonly secret: string;
  readonly systems: readonly string[];
}

const pingMilliseconds = 5000;
/** At first they come one after the other, so that heartbeats are spread as on an old farm. */
const spreadMilliseconds = 10_000;

export async function connectIdle(hands: IdleHands): Promise<IdleWorkers> {
  const workers = Array.from({ length: hands.workers }, (_, i) => new IdleWorker(hands, i + 1));
  const connectAll = (pause: number): Promise<unknown> =>
    Promise.all(workers.map((worker, i) => worker.connect((i * pause) / workers.length)));
  await connectAll(spreadMilliseconds);
  return {
    given: async (builds) => {
      while (workers.filter((worker) => worker.busy).length < builds) {
        await Promise.race(workers.filter((one) => !one.busy).map((one) => one.given));
      }
    },
    slowest: () => Math.max(...workers.map((worker) => worker.takeSlowest())),
    unrenewed: () => workers.reduce((sum, worker) => sum + worker.unrenewed, 0),
    cut: async () => {
      await Promise.all(workers.map((worker) => worker.leave()));
      const begun = performance.now();
      await connectAll(0);
      return performance.now() - begun;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.leave()));
    },
  };
}

class IdleWorker {
  readonly given: Promise<void>;
  unrenewed = 0;
  private tellGiven: () => void = () => undefined;
  private welcomed: () => void = () => undefined;
  private socket: WebSocket | null = null;
  private build: BuildMessage | null = null;
  private beating: NodeJS.Timeout | undefined;
  private pinging: NodeJS.Timeout | undefined;
  private sequence = 0;
  private slowest = 0;
  /** Heartbeats without an answer, by sequence. */
  private readonly sent = new Map<number, { readonly at: number; readonly leases: number }>();

  constructor(
    private readonly hands: IdleHands,
    private readonly worker: number,
  ) {
    this.given = new Promise((resolve) => (this.tellGiven = resolve));
  }

  get busy(): boolean {
    return this.build !== null;
  }

  takeSlowest(): number {
    const waiting = [...this.sent.values()].map(({ at }) => performance.now() - at);
    const slowest = Math.max(this.slowest, ...waiting);
    this.slowest = 0;
    return slowest;
  }

  /** Resolves when the farm has welcomed it. */
  async connect(pauseMilliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    const socket = new WebSocket(`ws://127.0.0.1:${this.hands.port}/api/v1/workers/connect`, {
      headers: { authorization: `Bearer ${this.worker}.${this.hands.secret}` },
      perMessageDeflate: false,
    });
    this.socket = socket;
    socket.on('message', (data) => this.hear(JSON.parse(String(data)) as GatewayMessage));
    await once(socket, 'open');
    const welcome = new Promise<void>((resolve) => (this.welcomed = resolve));
    this.send(this.hello());
    await welcome;
    this.pinging = setInterval(() => socket.ping(), pingMilliseconds);
  }

  async leave(): Promise<void> {
    clearInterval(this.beating);
    clearInterval(this.pinging);
    this.sent.clear();
    const closed = once(this.socket!, 'close');
    this.socket!.terminate();
    await closed;
  }

  private hear(message: GatewayMessage): void {
    if (message.type === 'welcome') {
      this.welcomed();
      this.beating = setInterval(() => this.beat(), message.heartbeatSeconds * 1000);
      this.beat();
      if (!this.build) this.send({ type: 'claim', slots: [0] });
    } else if (message.type === 'build') {
      this.build = message;
      this.send({ type: 'started', attempt: message.attempt, fence: message.fence });
      this.tellGiven();
    } else if (message.type === 'acknowledged' && message.of === 'heartbeat') {
      const { at, leases } = this.sent.get(message.sequence)!;
      this.sent.delete(message.sequence);
      this.slowest = Math.max(this.slowest, performance.now() - at);
      if (message.renewed.length !== leases) this.unrenewed += 1;
    } else {
      process.stderr.write(`worker ${this.worker} heard ${JSON.stringify(message)}\n`);
    }
  }

  private beat(): void {
    this.sequence += 1;
    const held = this.build ? [{ attempt: this.build.attempt, fence: this.build.fence }] : [];
    this.sent.set(this.sequence, { at: performance.now(), leases: held.length });
    this.send({
      type: 'heartbeat',
      freeSlots: 1 - held.length,
      load: Math.round(Math.random() * 100) / 100,
      memoryFree: 8_000_000_000 + Math.floor(Math.random() * 1e9),
      diskFree: 80_000_000_000 + Math.floor(Math.random() * 1e9),
      attempts: held,
      sequence: this.sequence,
      holdsBack: null,
      minDisk: 1_000_000_000,
    });
  }

  private send(message: WorkerMessage): void {
    this.socket!.send(JSON.stringify(message));
  }

  private hello(): Hello {
    const { build } = this;
    const { systems } = this.hands;
    return {
      type: 'hello',
      protocol: [2, 1],
      version: 'bench',
      systems: [systems[this.worker % systems.length]!],
      features: [],
      speed: 1,
      slots: 1,
      cores: 1,
      backends: ['local'],
      attempts: build
        ? [{ attempt: build.attempt, build: build.build, fence: build.fence, slot: 0 }]
        : [],
    };
  }
}
