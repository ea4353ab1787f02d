/**
 * The worker gateway: authenticates each upgrade before it happens, holds one session per worker,
 * and beats the farm's presence while it can renew leases. Ends before the HTTP server does.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Logger } from '@nestjs/common';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { WorkerId } from '#domain/ids.js';
import { sentenceOf } from '#std/farm-fault.js';
import { presenceOf } from '#application/reap-leases.js';
import { decodeLogFrame } from '#protocol/log-frame.js';
import { negotiate, offeredVersions } from '#protocol/negotiate.js';
import {
  ReportedAttempt,
  WorkerMessage,
  type GatewayMessage,
  type Report,
} from '#protocol/worker.js';
import type { Family } from '#nest/exposition.js';
import { ClaimDesk } from './claim-desk.js';
import { CountedReports } from './counted-reports.js';
import type { GatewayParts } from './gateway-parts.js';
import { pulseOf } from './pulse.js';
import { ReportDesk } from './report-desk.js';
import { Session, type SessionDesks, type SessionLine, type SessionWorker } from './session.js';
import { authenticate, refuseUpgrade } from './upgrade.js';

const messageBytesAtMost = 32 * 1024 * 1024;
const helloMilliseconds = 10_000;

interface Connected {
  readonly session: Session;
  readonly socket: WebSocket;
}

export class Gateway {
  private readonly logger = new Logger('gateway');
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: messageBytesAtMost,
  });
  private readonly connected = new Map<WorkerId, Connected>();
  private readonly reports: CountedReports;
  private readonly desks: SessionDesks;
  private readonly beating: NodeJS.Timeout;
  private readonly leaving = new Map<WorkerId, Promise<void>>();
  private closing = false;

  constructor(private readonly parts: GatewayParts) {
    this.reports = new CountedReports(parts.reports);
    this.desks = {
      claims: new ClaimDesk(parts),
      reports: new ReportDesk({ store: this.reports, bus: parts.bus }),
      pulse: pulseOf(parts.settings.heartbeatSeconds),
    };
    const { beatSeconds } = presenceOf(parts.settings.leaseSeconds);
    this.beating = setInterval(() => void this.beat(), beatSeconds * 1000);
    void this.beat();
  }

  /** What came of builds since this process began. */
  measures(): Family {
    return this.reports.family();
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    if (this.closing) return refuseUpgrade(socket, 'closing');
    const known = await authenticate(request, this.parts.workers).catch((error: unknown) => {
      this.logger.error(`connect: ${sentenceOf(error)}`);
      return 'unavailable' as const;
    });
    if (typeof known === 'string') return refuseUpgrade(socket, known);
    // What is written of its last leave-taking must not overwrite what its hello will say.
    await this.leaving.get(known.id);
    if (this.closing) return refuseUpgrade(socket, 'closing');
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      void this.converse(webSocket, known);
    });
  }

  /** Sockets are closed as "come again"; reports under way are answered first. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.beating);
    await this.desks.claims.close();
    await this.desks.reports.close();
    const ended = [...this.connected.values()].map(({ socket }) => closed(socket));
    for (const { socket } of this.connected.values()) socket.close(1012, 'restarting');
    const late = new Promise((resolve) => setTimeout(resolve, 1000).unref());
    await Promise.race([Promise.all(ended), late]);
    for (const { socket } of this.connected.values()) socket.terminate();
    await Promise.all(this.leaving.values());
    await this.parts.tickets.close();
  }

  private async converse(socket: WebSocket, worker: SessionWorker): Promise<void> {
    const session = new Session(worker, this.parts, this.desks, lineOf(socket));
    const earlier = this.connected.get(worker.id);
    this.connected.set(worker.id, { session, socket });
    earlier?.session.refuse('replaced', 'This worker has connected again.');
    const watch = watchSilence(socket, this.parts.settings.leaseSeconds * 1000);
    const unsubscribe = this.parts.bus
      .subscribe(`worker/${worker.id}`, () => void this.handle(session, socket, session.wake()))
      .catch(() => null);
    socket.on('message', (data, isBinary) => {
      watch.heard();
      void this.handle(session, socket, hear(session, data, isBinary));
    });
    socket.on('error', () => socket.terminate());
    socket.once('close', () => {
      watch.end();
      void unsubscribe.then((end) => end?.());
      const leaving = this.left(worker, session).finally(() => {
        if (this.leaving.get(worker.id) === leaving) this.leaving.delete(worker.id);
      });
      this.leaving.set(worker.id, leaving);
    });
  }

  /** A word that could not be carried out ends the conversation: the worker says it again later. */
  private async handle(session: Session, socket: WebSocket, work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      if (error instanceof Malformed) return session.refuse('malformed', error.message);
      this.logger.error(`worker ${session.worker.name}: ${sentenceOf(error)}`);
      socket.close(1011, 'the farm failed; come again');
    });
  }

  private async left(worker: SessionWorker, session: Session): Promise<void> {
    await session.end();
    if (this.connected.get(worker.id)?.session !== session) return;
    this.connected.delete(worker.id);
    const { workers, settings, bus } = this.parts;
    await workers.left(worker.id, settings.gateway).catch(() => undefined);
    await bus.publish('workers', '');
  }

  private async beat(): Promise<void> {
    const { gapSeconds } = presenceOf(this.parts.settings.leaseSeconds);
    await this.parts.leases.beat(gapSeconds).catch(() => undefined);
  }
}

class Malformed extends Error {}

async function hear(session: Session, data: RawData, isBinary: boolean): Promise<void> {
  // The server's binary type is nodebuffer, ws's default.
  const bytes = data as Buffer;
  if (isBinary) {
    const frame = decodeLogFrame(bytes);
    if (!frame.ok) throw new Malformed('A binary message is not a log frame.');
    return session.hearLog(frame.value);
  }
  const said = parseJson(bytes.toString('utf8'));
  const parsed = WorkerMessage.safeParse(said);
  if (!parsed.success) {
    const offered = offeredVersions(said);
    if (offered && !negotiate(offered).ok) return session.refuseVersion(offered);
    const [issue] = parsed.error.issues;
    const why = `${issue?.path.join('.')} ${issue?.message}`;
    const ended = ReportedAttempt.safeParse(said);
    // Hung up on, the worker would say the same again after each reconnect, for ever.
    if (ended.success) return session.hear(unreadable(ended.data, why));
    throw new Malformed(`A message cannot be read: ${why}`);
  }
  return session.hear(parsed.data);
}

/** The attempt has ended, and by whose fault nobody can tell: the farm's, with the evidence. */
function unreadable(ended: ReportedAttempt, why: string): Report {
  const message = `The worker's report cannot be read: ${why}`;
  const result = { kind: 'failed', reason: 'infrastructure', message } as const;
  return { ...ended, logBytes: 0, result };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed('A text message is not JSON.');
  }
}

function lineOf(socket: WebSocket): SessionLine {
  return {
    send(message: GatewayMessage) {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
    },
    hangUp: (code, reason) => socket.close(code, reason),
  };
}

/** A worker that says nothing for a whole lease, or no hello soon, holds its socket no longer. */
function watchSilence(socket: WebSocket, silence: number): { heard(): void; end(): void } {
  let timer = setTimeout(() => socket.terminate(), helloMilliseconds);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(() => socket.terminate(), silence);
    },
    end: () => clearTimeout(timer),
  };
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) resolve();
    else socket.once('close', () => resolve());
  });
}
