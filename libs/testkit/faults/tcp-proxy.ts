/**
 * A TCP proxy that a test holds in its hand: it carries bytes to the first replica that answers,
 * and cuts, refuses, swallows or watches them when told to. What it swallows is lost for ever, so a
 * connection that met it is cut when the network heals, as a NAT that has forgotten it would.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type Weather = 'clear' | 'refusing' | 'swallowing';
/** Looks at bytes on their way to the replica: whether they pass, or the connection ends there. */
export type Watch = (bytes: Buffer) => 'pass' | 'cut' | 'swallow';

interface Pair {
  readonly client: Socket;
  upstream: Socket | null;
  swallowed: boolean;
}

export class TcpProxy {
  /** When each connection was asked for, by performance.now(). */
  readonly asked: number[] = [];
  watch: Watch = () => 'pass';
  private weather: Weather = 'clear';
  private turn = 0;
  private readonly pairs = new Set<Pair>();

  private constructor(
    private readonly server: Server,
    private readonly targets: () => readonly number[],
  ) {
    server.on('connection', (client) => void this.accept(client));
  }

  /** `targets` are the ports of the replicas that may answer, asked anew at each connection. */
  static async listen(targets: () => readonly number[]): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, targets);
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get open(): number {
    return this.pairs.size;
  }

  /** Connections end as when a cable is cut and both ends notice. */
  cut(): void {
    for (const pair of this.pairs) this.end(pair);
  }

  /** Those that stand are cut, and new ones are closed at once. */
  refuse(): void {
    this.weather = 'refusing';
    this.cut();
  }

  /** Connections stand and carry nothing, in neither direction: half-open. */
  swallow(): void {
    this.weather = 'swallowing';
    for (const pair of this.pairs) pair.swallowed = true;
  }

  heal(): void {
    this.weather = 'clear';
    this.watch = () => 'pass';
    for (const pair of this.pairs) if (pair.swallowed) this.end(pair);
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private async accept(client: Socket): Promise<void> {
    this.asked.push(performance.now());
    const pair: Pair = { client, upstream: null, swallowed: this.weather === 'swallowing' };
    this.pairs.add(pair);
    client.on('error', () => this.end(pair));
    client.on('close', () => this.end(pair));
    if (this.weather === 'refusing') return this.end(pair);
    if (pair.swallowed) return void client.resume();
    const upstream = await this.reach();
    if (upstream === null || !this.pairs.has(pair)) {
      upstream?.destroy();
      return this.end(pair);
    }
    pair.upstream = upstream;
    this.join(pair, upstream);
  }

  private join(pair: Pair, upstream: Socket): void {
    const { client } = pair;
    upstream.on('error', () => this.end(pair));
    upstream.on('close', () => this.end(pair));
    client.on('data', (bytes: Buffer) => {
      const verdict = pair.swallowed ? 'swallow' : this.watch(bytes);
      if (verdict === 'cut') return this.end(pair);
      if (verdict === 'swallow') pair.swallowed = true;
      else this.carry(bytes, client, upstream);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (!pair.swallowed) this.carry(bytes, upstream, client);
    });
    client.on('end', () => pair.swallowed || upstream.end());
    upstream.on('end', () => pair.swallowed || client.end());
  }

  private carry(bytes: Buffer, from: Socket, to: Socket): void {
    if (to.write(bytes)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }

  /** The replicas in turn, each passed over when nobody listens there. */
  private async reach(): Promise<Socket | null> {
    const ports = this.targets();
    const turn = (this.turn += 1);
    for (let i = 0; i < ports.length; i += 1) {
      const port = ports[(turn + i) % ports.length]!;
      const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      const reached = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      if (reached) return socket;
    }
    return null;
  }

  private end(pair: Pair): void {
    if (!this.pairs.delete(pair)) return;
    pair.client.destroy();
    pair.upstream?.destroy();
  }
}
