/** A worker that speaks the real protocol over a real WebSocket, for the gateway's specs. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { encodeLogFrame } from '#protocol/log-frame.js';
import type { BuildMessage, GatewayMessage, Hello } from '#protocol/worker.js';

type Of<T extends GatewayMessage['type']> = Extract<GatewayMessage, { type: T }>;

export class TestWorker {
  readonly heard: GatewayMessage[] = [];
  private readonly waiting = new Set<() => void>();
  readonly closed: Promise<number>;

  private constructor(private readonly socket: WebSocket) {
    this.closed = once(socket, 'close').then(([code]) => code as number);
    socket.on('message', (data) => {
      this.heard.push(JSON.parse(String(data)) as GatewayMessage);
      for (const look of [...this.waiting]) look();
    });
    socket.on('error', () => undefined);
  }

  static async connect(address: string, credential: string): Promise<TestWorker> {
    const url = `${address.replace('http', 'ws')}/api/v1/workers/connect`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${credential}` } });
    const worker = new TestWorker(socket);
    await once(socket, 'open');
    return worker;
  }

  /** What the server answers to an upgrade that it refuses. */
  static async refusal(address: string, authorization?: string): Promise<[number, string, string]> {
    const url = `${address.replace('http', 'ws')}/api/v1/workers/connect`;
    const socket = new WebSocket(url, { headers: authorization ? { authorization } : {} });
    socket.on('error', () => undefined);
    const [, response] = await once(socket, 'unexpected-response');
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return [response.statusCode, String(response.headers['content-type']), body];
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  log(attempt: string, offset: number, text: string): void {
    this.socket.send(
      encodeLogFrame({ attempt: Number(attempt), offset, bytes: Buffer.from(text) }),
    );
  }

  hello(more: Partial<Hello> = {}): Promise<Of<'welcome'>> {
    this.say({
      ...{ type: 'hello', protocol: [1], version: 'test', systems: ['x86_64-linux'] },
      ...{ features: ['kvm'], slots: 4, cores: 1, speed: 1, backends: ['local'], attempts: [] },
      ...more,
    });
    return this.hears('welcome');
  }

  beat(attempts: readonly { attempt: string; fence: string }[] = [], more: object = {}): void {
    const named = attempts.map(({ attempt, fence }) => ({ attempt, fence }));
    const load = { freeSlots: 1, load: 0, memoryFree: 1, diskFree: 1 };
    this.say({ type: 'heartbeat', ...load, ...more, attempts: named });
  }

  succeed(build: BuildMessage): void {
    const path = build.outputs[0]?.path ?? '';
    const outputs = [{ name: 'out', path, narHash: 'sha256:1', narSize: 5, references: [] }];
    this.report(build, { kind: 'succeeded', outputs });
  }

  report(build: { attempt: string; fence: string }, result: object): void {
    this.say({ type: 'report', attempt: build.attempt, fence: build.fence, logBytes: 0, result });
  }

  /** The next message of a type that fits and was not taken before. */
  hears<T extends GatewayMessage['type']>(
    type: T,
    fits: (message: Of<T>) => boolean = () => true,
  ): Promise<Of<T>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const at = this.heard.findIndex((one) => one.type === type && fits(one as Of<T>));
        if (at < 0) return;
        this.waiting.delete(look);
        resolve(this.heard.splice(at, 1)[0] as Of<T>);
      };
      this.waiting.add(look);
      look();
    });
  }

  async leave(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}
