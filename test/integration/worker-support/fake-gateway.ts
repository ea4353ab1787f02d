/**
 * The farm's side of the worker's conversation, for tests of the real worker agent: a real HTTP and
 * WebSocket server that speaks libs/protocol, gives builds to claims and keeps what it hears. Its
 * lines may be cut, its answers withheld.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { decodeLogFrame } from '#protocol/log-frame.js';
import {
  EnrolRequest,
  WorkerMessage,
  type BuildMessage,
  type GatewayMessage,
  type Report,
} from '#protocol/worker.js';
import type { EvaluatedJob } from '#application/ports/backend.js';
import type { TinySubstituter } from './tiny-substituter.js';

export interface GatewaySettings {
  leaseSeconds: number;
  heartbeatSeconds: number;
  logWindowBytes: number;
  acknowledgeReports: boolean;
  lost: string[];
}

export class FakeGateway {
  readonly heard: WorkerMessage[] = [];
  readonly logs = new Map<string, Buffer>();
  readonly given: BuildMessage[] = [];
  readonly reports: Report[] = [];
  readonly tokens = new Set<string>();
  conversations = 0;
  /** Given and not yet reported, at most at one time. */
  mostAtOnce = 0;
  readonly settings: GatewaySettings = {
    leaseSeconds: 30,
    heartbeatSeconds: 0.3,
    logWindowBytes: 256 * 1024,
    acknowledgeReports: true,
    lost: [],
  };
  /** Log frames are lost on the way while it is set. */
  losesLogs = false;
  framesLost = 0;
  readonly #waiting: Omit<BuildMessage, 'slot'>[] = [];
  readonly #claimed: number[] = [];
  readonly #live = new Set<string>();
  readonly #events = new EventEmitter();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #line: WebSocket | null = null;
  #attempts = 0;

  constructor(private readonly substituter: TinySubstituter) {
    this.#events.setMaxListeners(0);
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      if (request.headers.authorization !== 'Bearer 7.worker-secret-of-the-test') {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (line) => this.#converse(line));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Offers a build of this job; answers its attempt. Whatever the store, its slug is `local`. */
  offer(
    job: Pick<EvaluatedJob, 'derivation' | 'system' | 'outputs'>,
    limits = { timeoutSeconds: 600, maxSilentSeconds: 600 },
    { backend, dir }: Pick<BuildMessage, 'backend'> & { dir: string } = {
      ...{ backend: 'local', dir: '/gambeson/store' },
    },
  ): string {
    const attempt = String(++this.#attempts);
    const outputs = [...job.outputs].map(([name, path]) => ({ name, path: base(path ?? '') }));
    this.#waiting.push({
      type: 'build',
      attempt,
      fence: attempt.padStart(16, '0'),
      build: String(100 + this.#attempts),
      backend,
      store: { slug: 'local', dir },
      derivation: base(job.derivation),
      system: job.system,
      outputs,
      limits,
      uploadToken: `token-of-${attempt}`,
    });
    this.#give();
    return attempt;
  }

  cancel(attempt: string, reason: string): void {
    this.send({ type: 'cancel', attempt, fence: attempt.padStart(16, '0'), reason });
  }

  send(message: GatewayMessage): void {
    this.#line?.send(JSON.stringify(message));
  }

  /** As if the network had gone. */
  cut(): void {
    this.#line?.terminate();
    this.#line = null;
  }

  log(attempt: string): string {
    return this.logs.get(attempt)?.toString('utf8') ?? '';
  }

  reportOf(attempt: string): Report | undefined {
    return this.reports.find((report) => report.attempt === attempt);
  }

  /** Resolves when the condition holds; looked at after everything that is heard. */
  async until(what: string, holds: () => boolean, milliseconds = 20_000): Promise<void> {
    const signal = AbortSignal.timeout(milliseconds);
    while (!holds()) {
      await once(this.#events, 'heard', { signal }).catch(() => {
        throw new Error(`in vain waited for: ${what}`);
      });
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const wish = EnrolRequest.safeParse(JSON.parse(Buffer.concat(body).toString()));
    if (!wish.success || !this.tokens.delete(wish.data.token)) {
      const problem = JSON.stringify({ title: 'unauthorized', detail: 'The token is not known.' });
      response.writeHead(401, { 'content-type': 'application/problem+json' }).end(problem);
      return;
    }
    const credential = '7.worker-secret-of-the-test';
    response.writeHead(201).end(JSON.stringify({ worker: '7', name: wish.data.name, credential }));
  }

  #converse(line: WebSocket): void {
    this.#line = line;
    this.#claimed.length = 0;
    this.conversations++;
    line.on('message', (data, isBinary) => {
      if (isBinary) this.#keepLog(line, data as Buffer);
      else this.#hear(line, WorkerMessage.parse(JSON.parse(String(data as Buffer))));
      this.#events.emit('heard');
    });
    line.on('close', () => this.#events.emit('heard'));
  }

  #hear(line: WebSocket, message: WorkerMessage): void {
    this.heard.push(message);
    if (message.type === 'hello') return this.#welcome(line);
    if (message.type === 'claim') {
      this.#claimed.push(...message.slots);
      return this.#give();
    }
    if (message.type !== 'report') return;
    this.reports.push(message);
    if (this.settings.acknowledgeReports) this.acknowledge(message);
  }

  acknowledge({ attempt, result }: Report): void {
    this.#live.delete(attempt);
    for (const output of result.kind === 'succeeded' ? result.outputs : []) {
      this.substituter.offer(output.path, output.references);
    }
    this.send({ type: 'acknowledged', of: 'report', attempt, accepted: true });
  }

  #welcome(line: WebSocket): void {
    const { leaseSeconds, heartbeatSeconds, logWindowBytes, lost } = this.settings;
    const welcome: GatewayMessage = {
      type: 'welcome',
      protocol: 1,
      worker: { id: '7', name: 'tester' },
      leaseSeconds,
      heartbeatSeconds,
      logWindowBytes,
      maxLogBytes: 50_000_000,
      substituter: this.substituter.address,
      publicKeys: [this.substituter.publicKey],
      lost,
    };
    line.send(JSON.stringify(welcome));
  }

  #give(): void {
    while (this.#waiting.length > 0 && this.#claimed.length > 0 && this.#line) {
      const build = { ...this.#waiting.shift()!, slot: this.#claimed.shift()! };
      this.given.push(build);
      this.#live.add(build.attempt);
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#live.size);
      this.send(build);
    }
  }

  /** As the log store does: overlaps are harmless, a gap is answered with the end. */
  #keepLog(line: WebSocket, data: Buffer): void {
    const frame = decodeLogFrame(data);
    if (!frame.ok) throw new Error('not a log frame');
    if (this.losesLogs) return void this.framesLost++;
    const { offset, bytes } = frame.value;
    const attempt = String(frame.value.attempt);
    const kept = this.logs.get(attempt) ?? Buffer.alloc(0);
    const fresh = offset <= kept.length ? bytes.subarray(kept.length - offset) : new Uint8Array();
    const log = Buffer.concat([kept, fresh]);
    this.logs.set(attempt, log);
    const acknowledged = { type: 'acknowledged', of: 'log', attempt, offset: log.length };
    line.send(JSON.stringify(acknowledged));
  }
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
