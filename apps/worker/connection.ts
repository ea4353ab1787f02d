/**
 * The WebSocket to the farm, for ever: connected again after every loss, to the next of its
 * addresses and after a pause (see backoff.ts). A connection that stands open but dead is found by
 * pings. Messages are parsed here; a message that is not understood is told and passed over.
 */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { encodeLogFrame, type LogFrame } from '#protocol/log-frame.js';
import { GatewayMessage, type Hello, type Welcome, type WorkerMessage } from '#protocol/worker.js';
import { reconnectPause } from './backoff.js';
import { say } from './say.js';

export interface ConnectionEvents {
  /** What to say first. */
  hello(): Hello;
  welcome(welcome: Welcome): void;
  message(message: Exclude<GatewayMessage, Welcome>): void;
  lost(): void;
  /** The farm took its credential away, for good. */
  removed(): void;
}

export interface ConnectionTarget {
  /** Addresses of one farm; never empty. */
  readonly farms: readonly string[];
  readonly credential: string;
}

const pingMilliseconds = 5_000;
/** For the handshake, and for the welcome after it. */
const handshakeMilliseconds = 10_000;
const largestMessage = 32 * 1024 * 1024;

export class GatewayConnection {
  #socket: WebSocket | null = null;
  #welcomed = false;
  #failures = 0;
  /** One after the other, that only a person can mend. */
  #refusals = 0;
  #leaseSeconds: number | null = null;
  #address = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #pinging: NodeJS.Timeout | undefined;

  constructor(
    private readonly target: ConnectionTarget,
    private readonly events: ConnectionEvents,
  ) {}

  /** Where it is, or tries to be, connected. */
  get farm(): string {
    const { farms } = this.target;
    return farms[this.#address % farms.length]!;
  }

  open(): void {
    if (this.#closed) return;
    const url = `${this.farm.replace(/^http/, 'ws')}/api/v1/workers/connect`;
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${this.target.credential}` },
      handshakeTimeout: handshakeMilliseconds,
      maxPayload: largestMessage,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => this.#greet(socket));
    socket.on('message', (data, isBinary) => {
      if (this.#socket === socket && !isBinary) this.#hear(String(data as Buffer));
    });
    socket.on('unexpected-response', (request, response) => {
      void this.#refusedUpgrade(response).finally(() => {
        request.destroy();
        this.#lose(socket, '');
      });
    });
    socket.on('error', (error) => this.#lose(socket, error.message));
    socket.on('close', (code, reason) => this.#lose(socket, `closed ${code} ${String(reason)}`));
  }

  /** Whether the farm has welcomed us and listens. */
  get ready(): boolean {
    return this.#welcomed;
  }

  /** Bytes that wait in this process to be written. */
  get waitingBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(message: WorkerMessage): void {
    if (this.#welcomed) this.#socket?.send(JSON.stringify(message));
  }

  sendLog(frame: LogFrame): void {
    if (this.#welcomed) this.#socket?.send(encodeLogFrame(frame));
  }

  /** Begins a new conversation at once, with the same api or with the next. */
  renew(where: 'here' | 'elsewhere' = 'here'): void {
    const socket = this.#socket;
    if (!socket || !this.#welcomed) return;
    if (where === 'here') socket.close(1000, 'again');
    // One that does not listen hears no goodbye either.
    else socket.terminate();
    this.#lose(socket, '', where === 'here' ? 'again' : 'next');
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pinging);
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    if (!socket) return;
    socket.close(1000, 'goodbye');
    // A farm that does not answer the goodbye holds up nobody.
    setTimeout(() => socket.terminate(), 500).unref();
  }

  #greet(socket: WebSocket): void {
    socket.send(JSON.stringify(this.events.hello()));
    const impatience = setTimeout(() => {
      if (this.#socket === socket && !this.#welcomed) socket.terminate();
    }, handshakeMilliseconds);
    socket.once('close', () => clearTimeout(impatience));
    this.#watch(socket);
  }

  /** Anything that comes is a sign of life; two pings without one are the end. */
  #watch(socket: WebSocket): void {
    let silent = 0;
    const heard = (): void => void (silent = 0);
    socket.on('message', heard);
    socket.on('pong', heard);
    clearInterval(this.#pinging);
    this.#pinging = setInterval(() => {
      if (silent >= 2) socket.terminate();
      else socket.ping();
      silent++;
    }, pingMilliseconds);
  }

  #hear(text: string): void {
    const message = parse(text);
    if (!message) return;
    if (message.type === 'refused') this.#refused(message);
    if (message.type !== 'welcome') return this.events.message(message);
    this.#welcomed = true;
    this.#failures = 0;
    this.#refusals = 0;
    this.#leaseSeconds = message.leaseSeconds;
    this.events.welcome(message);
  }

  #refused({ code, message }: Extract<GatewayMessage, { type: 'refused' }>): void {
    say(`the farm refuses this worker: ${message} (${code})`);
    if (code === 'removed') this.events.removed();
    // Another agent bears the same credential: the two must not chase one another.
    else if (code === 'replaced') this.#failures = 20;
    else if (!passing.has(code)) this.#refusals++;
  }

  async #refusedUpgrade(response: IncomingMessage): Promise<void> {
    const status = response.statusCode ?? 0;
    // Anything between us and the farm may answer 403; only the farm's own word ends us.
    if (status === 403 && (await tellsRemoval(response))) return this.events.removed();
    if (status === 401 || status === 403) this.#refusals++;
    const known = status === 401 ? `does not know this worker's credential` : 'does not let us in';
    say(`the farm at ${this.farm} ${known} (${status})`);
  }

  #lose(socket: WebSocket, reason: string, then: 'again' | 'next' = 'next'): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    clearInterval(this.#pinging);
    if (this.#welcomed || this.#failures === 0) {
      say(`not connected to ${this.farm}${reason === '' ? '' : `: ${reason}`}`);
    }
    if (this.#welcomed) {
      this.#welcomed = false;
      this.events.lost();
    }
    this.#failures++;
    if (then === 'next') this.#address++;
    this.#timer = setTimeout(() => this.open(), then === 'again' ? 0 : this.#pause());
  }

  #pause(): number {
    return reconnectPause({
      failures: this.#failures,
      refusals: this.#refusals,
      leaseSeconds: this.#leaseSeconds,
      chance: Math.random(),
    });
  }
}

/** Refusals that pass by themselves. */
const passing: ReadonlySet<string> = new Set(['malformed', 'hello-first']);

async function tellsRemoval(response: IncomingMessage): Promise<boolean> {
  let body = '';
  try {
    for await (const piece of response) if (body.length < 4096) body += String(piece);
    return (JSON.parse(body) as { type?: string }).type === 'urn:gambeson:problem:worker-removed';
  } catch {
    return false;
  }
}

function parse(text: string): GatewayMessage | null {
  try {
    const parsed = GatewayMessage.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Told below: it is no JSON.
  }
  say(`a message from the farm is not understood: ${text.slice(0, 80)}`);
  return null;
}
