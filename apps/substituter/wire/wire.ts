/**
 * Stands between the listening socket and Node's HTTP server, since most requests of a substituter
 * are for some kilobytes that are there: reading and answering them here takes half the time.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { WireConnection, type Keeper, type WireAnswers } from './connection.js';

type Listener = (socket: Socket) => void;

const judgeMilliseconds = 15_000;

export class Wire implements Keeper {
  private readonly connections = new Set<WireConnection>();
  private readonly http: Listener[];
  private stopping = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly server: Server,
    private readonly answers: WireAnswers,
  ) {
    this.http = server.listeners('connection') as Listener[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => this.take(socket));
  }

  /** Connections under way are answered and ended; new ones are Node's. */
  stop(): void {
    this.stopping = true;
    for (const connection of this.connections) connection.finish();
  }

  /** Ends all that is still there. */
  close(): void {
    this.stop();
    for (const connection of this.connections) connection.socket.destroy();
  }

  handOver(connection: WireConnection, rest: Buffer): void {
    const { socket, ended } = connection;
    connection.release();
    this.gone(connection);
    this.toHttp(socket);
    if (rest.length > 0) socket.emit('data', rest);
    if (ended) socket.emit('end');
  }

  gone(connection: WireConnection): void {
    this.connections.delete(connection);
    if (this.connections.size > 0 || !this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  private take(socket: Socket): void {
    if (this.stopping) return this.toHttp(socket);
    this.connections.add(new WireConnection(socket, this.answers, this));
    this.timer ??= setInterval(() => this.judge(), judgeMilliseconds).unref();
  }

  private judge(): void {
    const now = Date.now();
    for (const connection of this.connections) connection.judge(now);
  }

  private toHttp(socket: Socket): void {
    for (const listener of this.http) listener.call(this.server, socket);
  }
}
