/**
 * One connection to guix-daemon, in its own protocol of 2012, which clients and daemons of all ages
 * since have kept. While it stands, the daemon keeps the temporary roots that were asked for on it;
 * when it is closed in the middle of a build, the daemon ends that build.
 *
 * One request at a time, and nothing sent while the daemon works: it takes any byte for its
 * client's end.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { encodeFields, misread, WireReader, type Field } from './daemon-wire.js';

const clientMagic = 0x6e697863;
const daemonMagic = 0x6478696f;
/** Major version 1, minor 0x63: the protocol of 2018, which newer daemons go on speaking. */
const ownVersion = 0x163;
/** The first with settings as pairs, among them time and cores. */
const leastMinor = 0x61;

const says = {
  next: 0x6f6c6d67,
  last: 0x616c7473,
  error: 0x63787470,
} as const;

const connectMilliseconds = 10_000;

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly message: string };

export interface DaemonRequest<T> {
  readonly operation: number;
  readonly fields: readonly Field[];
  readonly read: (wire: WireReader) => Promise<T>;
}

export class DaemonConnection {
  readonly #wire: WireReader;

  private constructor(private readonly socket: Socket) {
    this.#wire = new WireReader(socket);
    // Whoever reads hears of it; between requests nobody needs to.
    socket.on('error', () => undefined);
    socket.unref();
  }

  /** Of a socket's path, or `guix://HOST:PORT`. Throws FarmFault `program-failed`. */
  static async open(address: string): Promise<DaemonConnection> {
    const socket = await connect(address);
    const connection = new DaemonConnection(socket);
    try {
      await connection.#greet();
    } catch (fault) {
      connection.close();
      throw fault;
    }
    return connection;
  }

  get usable(): boolean {
    return !this.socket.destroyed && this.socket.writable && !this.socket.readableEnded;
  }

  /** What the daemon does for this connection ends. */
  close(): void {
    this.socket.destroy();
  }

  /** Yields what the daemon says on the way, byte for byte, and returns its answer. */
  async *call<T>(request: DaemonRequest<T>): AsyncGenerator<Uint8Array, Answer<T>> {
    this.socket.ref();
    let over = false;
    try {
      this.socket.write(encodeFields([request.operation, ...request.fields]));
      const refusal = yield* this.#said();
      const answer: Answer<T> = refusal ?? { ok: true, value: await request.read(this.#wire) };
      over = true;
      return answer;
    } finally {
      // Whoever stops listening, or loses the thread, cannot use it again.
      if (over) this.socket.unref();
      else this.close();
    }
  }

  /** Null when the daemon has done it. */
  async *#said(): AsyncGenerator<Uint8Array, Extract<Answer<never>, { ok: false }> | null> {
    for (;;) {
      const what = await this.#wire.number();
      if (what === says.last) return null;
      if (what === says.next) yield await this.#wire.bytes();
      else if (what === says.error) return await this.#refusal();
      else throw misread(`${what.toString(16)} is no word of its protocol`);
    }
  }

  async #refusal(): Promise<Extract<Answer<never>, { ok: false }>> {
    const message = await this.#wire.string();
    // A daemon that cannot even open its database says no status, and goes.
    const status = await this.#wire.number().catch(() => 1);
    return { ok: false, status, message };
  }

  async #greet(): Promise<void> {
    const timer = setTimeout(() => this.close(), connectMilliseconds);
    this.socket.ref();
    try {
      this.socket.write(encodeFields([clientMagic]));
      if ((await this.#wire.number()) !== daemonMagic) throw misread('it is no guix-daemon');
      const version = await this.#wire.number();
      const [major, minor] = [version >> 8, version & 0xff];
      if (major !== ownVersion >> 8 || minor < leastMinor) {
        throw misread(`its protocol is ${major}.${minor}`);
      }
      // No processor of its own, and room kept for the collector.
      this.socket.write(encodeFields([ownVersion, 0, 1]));
      const said = this.#said();
      let step = await said.next();
      while (!step.done) step = await said.next();
      if (step.value) throw new FarmFault('program-failed', `guix-daemon: ${step.value.message}`);
    } finally {
      clearTimeout(timer);
      this.socket.unref();
    }
  }
}

async function connect(address: string): Promise<Socket> {
  const url = /^(guix|unix|file):\/\//.test(address) ? new URL(address) : null;
  const socket =
    url?.protocol === 'guix:'
      ? createConnection({ host: url.hostname, port: Number(url.port) || 44146 })
      : createConnection({ path: url ? decodeURIComponent(url.pathname) : address });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectMilliseconds) });
    return socket;
  } catch (cause) {
    socket.destroy();
    const sentence = `guix-daemon does not answer at ${address}: ${sentenceOf(cause)}`;
    throw new FarmFault('program-failed', sentence, 'later', { cause });
  }
}
