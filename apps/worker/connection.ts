/**
 * The WebSocket to the farm, for ever: connected again after every loss, with a growing and
 * jittered pause. A connection that stands open but dead is found by pings. Messages are parsed
 * here; a message that is not understood is told and passed over.
 */
import { WebSocket } from 'ws';
import { encodeLogFrame, type LogFrame } from '#protocol/log-frame.js';
import { GatewayMessage, type Hello, type Welcome, type WorkerMessage } from '#protocol/worker.js';
import { say } from './say.js';

export interface ConnectionEvents {
  /** What to say first. */
  hello(): Hello;
  welcome(welcome: Welcome): void;
  message(message: Exclude<GatewayMessage, Welcome>): void;
  lost(): void;
}

export interface ConnectionTimes {
  readonly firstPause: number;
  readonly longestPause: number;
  /** After a refusal that only a person can mend. */
  readonly refusedPause: number;
  readonly ping: number;
  /** For the handshake, and for the welcome after it. */
  readonly handshake: number;
}

const defaultTimes: ConnectionTimes = {
  firstPause: 200,
  longestPause: 5_000,
  refusedPause: 30_000,
  ping: 5_000,
  handshake: 10_000,
};

const largestMessage = 32 * 1024 * 1024;

export class GatewayConnection {
  #socket: WebSocket | null = null;
  #welcomed = false;
  #failures = 0;
  #refused = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #pinging: NodeJS.Timeout | undefined;

  constructor(
    private readonly target: { readonly farm: string; readonly credential: string },
    private readonly events: ConnectionEvents,
    private readonly times: ConnectionTimes = defaultTimes,
  ) {}

  open(): void {
    if (this.#closed) return;
    const url = `${this.target.farm.replace(/^http/, 'ws')}/api/v1/workers/connect`;
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${this.target.credential}` },
      handshakeTimeout: this.times.handshake,
      maxPayload: largestMessage,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => this.#greet(socket));
    socket.on('message', (data, isBinary) => {
      if (this.#socket === socket && !isBinary) this.#hear(String(data as Buffer));
    });
    socket.on('unexpected-response', (request, response) => {
      this.#refusedUpgrade(response.statusCode ?? 0);
      request.destroy();
      response.destroy();
      this.#lose(socket, '');
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

  /** Begins a new conversation at once. */
  renew(): void {
    const socket = this.#socket;
    if (!socket || !this.#welcomed) return;
    this.#failures = -1;
    socket.close(1000, 'again');
    this.#lose(socket, '');
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
    }, this.times.handshake);
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
    }, this.times.ping);
  }

  #hear(text: string): void {
    const message = parse(text);
    if (!message) return;
    if (message.type === 'refused') {
      this.#refused = !passing.has(message.code);
      // Another agent bears the same credential: the two must not chase one another.
      if (message.code === 'replaced') this.#failures = 20;
      say(`the farm refuses this worker: ${message.message} (${message.code})`);
    }
    if (message.type !== 'welcome') return this.events.message(message);
    this.#welcomed = true;
    this.#failures = 0;
    this.#refused = false;
    this.events.welcome(message);
  }

  #refusedUpgrade(status: number): void {
    if (status === 401 || status === 403) {
      this.#refused = true;
      say(`the farm does not know this worker's credential (${status})`);
    } else say(`the farm answers ${status} to the worker's connection`);
  }

  #lose(socket: WebSocket, reason: string): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    clearInterval(this.#pinging);
    if (this.#welcomed || this.#failures === 0) {
      say(`not connected to ${this.target.farm}${reason === '' ? '' : `: ${reason}`}`);
    }
    if (this.#welcomed) {
      this.#welcomed = false;
      this.events.lost();
    }
    this.#timer = setTimeout(() => this.open(), this.#pause());
    this.#failures++;
  }

  #pause(): number {
    const { firstPause, longestPause, refusedPause } = this.times;
    if (this.#failures < 0) return 0;
    const doubled = firstPause * 2 ** Math.min(this.#failures, 20);
    const pause = this.#refused ? refusedPause : Math.min(doubled, longestPause);
    return pause * (0.5 + Math.random() / 2);
  }
}

/** Refusals that pass by themselves. */
const passing: ReadonlySet<string> = new Set(['replaced', 'malformed']);

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
