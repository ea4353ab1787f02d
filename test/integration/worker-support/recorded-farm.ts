/**
 * The farm's side of a recording, played to an agent of today: what it told is told again, once the
 * agent has said what the agent of that time had said before it.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { decodeLogFrame } from '#protocol/log-frame.js';
import { attemptOf, kindOf, type Message, type Recording } from './recordings.js';
import type { TinySubstituter } from './tiny-substituter.js';

export class RecordedFarm {
  /** All that the agent said, in order. */
  readonly said: Message[] = [];
  readonly logs = new Map<string, Buffer>();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #lines: WebSocket[] = [];
  readonly #unheard: Message[] = [];
  readonly #looks = new Set<() => void>();

  constructor(
    private readonly recording: Recording,
    private readonly substituter: TinySubstituter,
  ) {
    this.#server = createServer((request, response) => {
      request.resume();
      const answer = { worker: '1', name: 'recorded', credential: '1.credential-of-the-test' };
      response.writeHead(201).end(JSON.stringify(answer));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (line) => this.#listen(line));
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const line of this.#lines) line.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resolves when all has been said and heard; a conversation that has ended is cut. */
  async play(): Promise<void> {
    let conversation = 0;
    for (const frame of this.recording.frames) {
      if (frame.conversation !== conversation) {
        this.#lines.at(-1)?.terminate();
        conversation = frame.conversation;
        const count = conversation;
        await this.#until(`conversation ${count}`, () => this.#lines.length >= count);
      }
      if (!frame.message) continue;
      if (frame.from === 'worker') await this.#hear(frame.message);
      else await this.#tell(frame.message);
    }
  }

  #listen(line: WebSocket): void {
    this.#lines.push(line);
    this.#unheard.length = 0;
    line.on('error', () => line.terminate());
    line.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#keep(data);
      else {
        const message = JSON.parse(String(data)) as Message;
        this.said.push(message);
        this.#unheard.push(message);
      }
      this.#looked();
    });
    this.#looked();
  }

  #keep(data: Buffer): void {
    const frame = decodeLogFrame(data);
    if (!frame.ok) throw new Error('not a log frame');
    const { attempt, offset, bytes } = frame.value;
    const kept = this.logs.get(String(attempt)) ?? Buffer.alloc(0);
    this.logs.set(String(attempt), Buffer.concat([kept.subarray(0, offset), bytes]));
  }

  async #hear(recorded: Message): Promise<void> {
    const fits = (message: Message): boolean =>
      kindOf(message) === kindOf(recorded) && attemptOf(message) === attemptOf(recorded);
    await this.#until(JSON.stringify(recorded), () => this.#unheard.some(fits));
    const [heard] = this.#unheard.splice(this.#unheard.findIndex(fits), 1);
    const result = heard!['result'] as { outputs?: { path: string }[] } | undefined;
    for (const { path } of result?.outputs ?? []) this.substituter.offer(path, []);
  }

  async #tell(recorded: Message): Promise<void> {
    const attempt = attemptOf(recorded);
    if (kindOf(recorded) === 'acknowledged log') {
      const size = Number(recorded['offset']);
      const enough = (): boolean => (this.logs.get(attempt!)?.length ?? 0) >= size;
      await this.#until(`${size} bytes of log`, enough);
    }
    const { address, publicKey } = this.substituter;
    const ours = { substituter: address, publicKeys: [publicKey] };
    const told = recorded.type === 'welcome' ? { ...recorded, ...ours } : recorded;
    this.#lines.at(-1)!.send(JSON.stringify(told));
  }

  #looked(): void {
    for (const look of [...this.#looks]) look();
  }

  #until(what: string, holds: () => boolean): Promise<void> {
    const late = AbortSignal.timeout(20_000);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!holds() && !late.aborted) return;
        this.#looks.delete(look);
        if (late.aborted) reject(new Error(`in vain waited for: ${what}`));
        else resolve();
      };
      late.addEventListener('abort', look);
      this.#looks.add(look);
      look();
    });
  }
}
