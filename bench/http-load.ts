/**
 * A small load generator on loopback, for what wrk does not do: requests that are due at their time
 * whatever became of those before, and a hand of connections that ask for each path once.
 */
import { connect, type Socket } from 'node:net';

export interface OfferedLoad {
  readonly port: number;
  readonly path: () => string;
  readonly connections: number;
  /** Requests a second, over all connections. */
  readonly rate: number;
  readonly seconds: number;
}

/** Milliseconds from when each request was due until its answer was whole, ascending. */
export async function latencies(load: OfferedLoad): Promise<Float64Array> {
  const lines = await Promise.all(
    Array.from({ length: load.connections }, () => Line.open(load.port)),
  );
  const took: number[] = [];
  const start = performance.now();
  const total = load.rate * load.seconds;
  const answers: Promise<void>[] = [];
  for (let asked = 0; asked < total;) {
    const due = Math.min(total, ((performance.now() - start) * load.rate) / 1000);
    for (; asked < due; asked++) {
      const at = start + (asked * 1000) / load.rate;
      const answer = lines[asked % lines.length]!.ask(load.path());
      answers.push(answer.then(() => void took.push(performance.now() - at)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
  for (const line of lines) line.close();
  return Float64Array.from(took).sort();
}

export function percentile(ascending: Float64Array, share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))]!;
}

export interface Sweep {
  readonly port: number;
  readonly paths: number;
  readonly path: (number: number) => string;
  readonly connections: number;
  /** Requests that wait on one connection. */
  readonly pipelined: number;
}

/** Asks for each path once; answers the requests per second. */
export async function sweep(load: Sweep): Promise<number> {
  let next = 0;
  const start = performance.now();
  const one = async (line: Line): Promise<void> => {
    while (next < load.paths) await line.ask(load.path(next++));
  };
  const lines = await Promise.all(
    Array.from({ length: load.connections }, () => Line.open(load.port)),
  );
  const all = lines.flatMap((line) => Array.from({ length: load.pipelined }, () => one(line)));
  await Promise.all(all);
  for (const line of lines) line.close();
  return (load.paths / (performance.now() - start)) * 1000;
}

/** A connection that keeps the order of its answers. */
class Line {
  private held: Buffer = Buffer.alloc(0);
  private waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private out: string[] = [];

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.take(bytes));
    socket.on('error', (error) => this.fail(error));
  }

  static open(port: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Line(socket)));
    });
  }

  ask(path: string): Promise<void> {
    if (this.out.length === 0) queueMicrotask(() => this.send());
    this.out.push(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  close(): void {
    this.socket.destroy();
  }

  private send(): void {
    this.socket.write(this.out.join(''));
    this.out = [];
  }

  private take(bytes: Buffer): void {
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
    for (;;) {
      const length = answerLength(this.held);
      if (length === null || this.held.length < length) return;
      const answered = this.waiting.shift();
      if (!this.held.subarray(0, 12).equals(okStatus)) {
        const told = this.held.toString('latin1', 0, 300);
        return this.fail(new Error(`the server answered ${told}`), answered);
      }
      this.held = this.held.subarray(length);
      answered?.resolve();
    }
  }

  private fail(error: Error, first?: { reject: (error: Error) => void }): void {
    this.socket.destroy();
    first?.reject(error);
    for (const { reject } of this.waiting) reject(error);
  }
}

const okStatus = Buffer.from('HTTP/1.1 200');
const headEnd = Buffer.from('\r\n\r\n');

/** Bytes of the whole answer, or null while its head is not complete. */
function answerLength(held: Buffer): number | null {
  const head = held.indexOf(headEnd);
  if (head < 0) return null;
  const text = held.toString('latin1', 0, head);
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(text);
  if (!length) throw new Error('an answer without Content-Length');
  return head + 4 + Number(length[1]);
}
