/**
 * The daemon's side of guix-daemon's protocol, for tests where Guix is not there: a socket that
 * takes requests and replays, for each thing to build, bytes that were recorded of a real daemon.
 * What is valid lies on disk below a directory of the test's own, as paths of /gnu/store.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { textPath } from '#formats/store-path.js';
import { encodeFields, WireReader, type Field } from '#adapters/backends/guix/build/daemon-wire.js';

export interface Replay {
  /** As many messages as the daemon sent. */
  readonly said: readonly (string | Uint8Array)[];
  /** Full paths that become valid before the end, if any. */
  readonly makes?: readonly string[];
  /** How it ends; `cut` goes away, `hang` says nothing more until the client goes. */
  readonly end: 'done' | 'cut' | 'hang' | { readonly status: number; readonly message: string };
}

type Options = ReadonlyMap<string, string>;

const says = { next: 0x6f6c6d67, last: 0x616c7473, error: 0x63787470 };
const dir = '/gnu/store';

export class FakeGuixDaemon {
  readonly valid = new Set<string>();
  /** Of each connection, those that still stand. */
  readonly roots = new Map<number, Set<string>>();
  readonly built: { readonly paths: readonly string[]; readonly options: Options }[] = [];
  readonly cleared: string[] = [];
  /** What paths refer to, where they refer to anything. */
  readonly references = new Map<string, readonly string[]>();
  /** What to answer to a wish for paths, the first of them named. */
  replay: (path: string, paths: readonly string[]) => Replay = () => ({ said: [], end: 'done' });
  /** Paths whose outputs failed before, of a daemon that remembers. */
  version = 0x163;
  connections = 0;
  /** The connection on which anything is asked next breaks, once. */
  breaksNext = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly socketPath: string,
    readonly root: string,
  ) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      const number = ++this.connections;
      this.roots.set(number, new Set());
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.roots.delete(number);
      });
      this.#converse(socket, number).catch(() => socket.destroy());
    });
  }

  /** Below `directory` lie the socket and the store. */
  static async start(directory: string): Promise<FakeGuixDaemon> {
    const daemon = new FakeGuixDaemon(join(directory, 'socket'), join(directory, 'root'));
    mkdirSync(join(daemon.root, dir), { recursive: true });
    daemon.#server.listen(daemon.socketPath);
    await once(daemon.#server, 'listening');
    return daemon;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** All connections break. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Puts a file, or a path that is nobody's to read, into the store. */
  add(path: string, contents?: string | Uint8Array): void {
    this.valid.add(path);
    if (contents === undefined) return;
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), contents);
  }

  async #converse(socket: Socket, number: number): Promise<void> {
    const wire = new WireReader(socket);
    const send = (...fields: readonly Field[]): void => void socket.write(encodeFields(fields));
    await wire.number();
    send(0x6478696f, this.version);
    for (let i = 0; i < 3; i++) await wire.number();
    send(says.last);
    let options: Options = new Map();
    for (;;) {
      const operation = await wire.number();
      if (this.breaksNext) {
        this.breaksNext = false;
        socket.destroy();
        return;
      }
      if (operation === 19) {
        options = await readOptions(wire);
        send(says.last);
      } else if (operation === 9) {
        const paths = await wire.strings();
        await wire.number();
        this.built.push({ paths, options });
        if (!this.#play(socket, paths, send)) return;
      } else send(says.last, ...(await this.#answer(operation, wire, number)));
    }
  }

  /** False when there will be no more. */
  #play(socket: Socket, paths: readonly string[], send: (...f: readonly Field[]) => void): boolean {
    const { said, makes = [], end } = this.replay(paths[0] ?? '', paths);
    for (const words of said) send(says.next, words);
    for (const path of makes) this.valid.add(path);
    if (end === 'cut') socket.destroySoon();
    else if (end === 'done') send(says.last, 1);
    else if (end !== 'hang') send(says.error, end.message, end.status);
    return end !== 'cut' && end !== 'hang';
  }

  async #answer(operation: number, wire: WireReader, number: number): Promise<Field[]> {
    switch (operation) {
      case 8: {
        const [name, contents] = [await wire.string(), await wire.bytes()];
        const references = await wire.strings();
        const stranger = references.find((path) => !this.valid.has(path));
        if (stranger !== undefined) throw new Error(`${stranger} is not valid`);
        const path = textPath({ dir, name, contents, references });
        this.add(path, contents);
        return [path];
      }
      case 11:
        this.roots.get(number)?.add(await wire.string());
        return [1];
      case 25:
        this.cleared.push(...(await wire.strings()));
        return [1];
      case 26: {
        const references = this.references.get(await wire.string()) ?? [];
        return ['', '0'.repeat(64), references, 1, 0];
      }
      case 31:
        return [(await wire.strings()).filter((path) => this.valid.has(path))];
      default:
        throw new Error(`operation ${operation} is not known here`);
    }
  }
}

/** The pairs, and what comes before them by a name of ours. */
async function readOptions(wire: WireReader): Promise<Options> {
  const numbers: number[] = [];
  for (let i = 0; i < 9; i++) numbers.push(await wire.number());
  const options = new Map([
    ['offload', String(numbers[4])],
    ['print-build-trace', String(numbers[7])],
    ['use-substitutes', String(numbers[8])],
  ]);
  for (let left = await wire.number(); left > 0; left--) {
    options.set(await wire.string(), await wire.string());
  }
  return options;
}
