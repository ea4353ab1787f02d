/**
 * Stands between a worker agent and an api and keeps every frame of their conversations, which may
 * be cut. What a recording holds is in test/fixtures/protocol/README.md.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

export interface Frame {
  /** From 1, one for each connection. */
  readonly conversation: number;
  readonly from: 'worker' | 'farm';
  /** A text frame, parsed. */
  readonly message?: { readonly type: string; readonly [field: string]: unknown };
  /** A binary frame, in base64. */
  readonly binary?: string;
}

export class RecordingProxy {
  readonly frames: Frame[] = [];
  conversations = 0;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #lines = new Set<WebSocket>();

  /** `target` tells where the api is now. */
  constructor(private readonly target: () => string) {
    this.#server = createServer((request, response) => void this.#forward(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (line) => this.#join(line, request));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** As if the network had gone. */
  cut(): void {
    for (const line of this.#lines) line.terminate();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const answer = await fetch(`${this.target()}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      body: Buffer.concat(pieces),
    }).catch(() => null);
    response.writeHead(answer?.status ?? 502).end(answer ? await answer.text() : '');
  }

  #join(worker: WebSocket, request: IncomingMessage): void {
    const conversation = ++this.conversations;
    const farm = new WebSocket(`${this.target().replace(/^http/, 'ws')}${request.url}`, {
      headers: { authorization: request.headers.authorization ?? '' },
    });
    const early: [Buffer, boolean][] = [];
    const keep = (from: Frame['from'], data: Buffer, isBinary: boolean): void => {
      const said = isBinary
        ? { binary: data.toString('base64') }
        : { message: JSON.parse(String(data)) as NonNullable<Frame['message']> };
      this.frames.push({ conversation, from, ...said });
    };
    worker.on('message', (data: Buffer, isBinary: boolean) => {
      keep('worker', data, isBinary);
      if (farm.readyState === farm.OPEN) farm.send(data, { binary: isBinary });
      else early.push([data, isBinary]);
    });
    farm.on('open', () => {
      for (const [data, binary] of early.splice(0)) farm.send(data, { binary });
    });
    farm.on('message', (data: Buffer, isBinary: boolean) => {
      keep('farm', data, isBinary);
      if (worker.readyState === worker.OPEN) worker.send(data, { binary: isBinary });
    });
    this.#together(worker, farm);
  }

  #together(worker: WebSocket, farm: WebSocket): void {
    for (const [one, other] of [
      [worker, farm],
      [farm, worker],
    ] as const) {
      this.#lines.add(one);
      one.on('error', () => one.terminate());
      one.on('close', () => {
        this.#lines.delete(one);
        other.terminate();
      });
    }
  }
}
