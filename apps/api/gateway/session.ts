/**
 * One worker's conversation, from its `hello` to the end of its socket. What it says may come late,
 * twice or never: slots, offsets and fences make a repeated word harmless. When the socket ends,
 * its leases stay until they expire, since the builds go on.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AttemptId, WorkerId } from '#domain/ids.js';
import { backendStores } from '#domain/specification/specification.js';
import { offeredFeatures } from '#domain/worker/backend-features.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import { tellBuild, type WorkerReport } from '#application/accept-report.js';
import { endForgotten } from '#application/end-forgotten.js';
import { renewLeases } from '#application/renew-leases.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import type { AttemptClaim } from '#application/ports/lease-store.js';
import type { Standing } from '#application/ports/worker-store.js';
import type { LogFrame } from '#protocol/log-frame.js';
import { negotiate } from '#protocol/negotiate.js';
import type {
  GatewayMessage,
  Heartbeat,
  Hello,
  HoldsBack,
  Report,
  WorkerMessage,
} from '#protocol/worker.js';
import type { ClaimDesk, WaitingSlot } from './claim-desk.js';
import type { GatewayParts } from './gateway-parts.js';
import { LogIntake } from './log-intake.js';
import { buildMessage, claimOf, reportOf } from './messages.js';
import type { Pulse } from './pulse.js';
import type { ReportDesk } from './report-desk.js';

export interface SessionLine {
  send(message: GatewayMessage): void;
  /**
   * Ends the conversation; a `refused` goes before it when the worker can do something about it.
   */
  hangUp(code: number, reason: string): void;
}

export interface SessionDesks {
  readonly claims: ClaimDesk;
  readonly reports: ReportDesk;
  /** When heartbeats are carried out. */
  readonly pulse: Pulse;
}

export interface SessionWorker {
  readonly id: WorkerId;
  readonly name: string;
}

interface Greeted extends Hello {
  readonly className: string;
  /** The version that is spoken. */
  readonly spoken: number;
}

export class Session {
  private readonly intake: LogIntake;
  private readonly live = new Map<AttemptId, AttemptClaim>();
  /** Slots that stand at the desk, or whose claim is under way. */
  private readonly wanted = new Set<number>();
  private readonly waitingForResume = new Set<number>();
  /** Reports that are being settled. */
  private readonly reporting = new Map<AttemptId, Promise<unknown>>();
  /** What the heartbeats that are not carried out yet name. */
  private readonly beats = new Set<Map<AttemptId, AttemptClaim>>();
  private greeting: Promise<void> | null = null;
  private hello: Greeted | null = null;
  /** The newest that was heard: an older one that is carried out after it unsays nothing of it. */
  private heartbeat: Heartbeat | null = null;
  private keeping: Promise<void> = Promise.resolve();
  private standing: Standing | null = null;
  private ended = false;

  constructor(
    readonly worker: SessionWorker,
    private readonly parts: GatewayParts,
    private readonly desks: SessionDesks,
    private readonly line: SessionLine,
  ) {
    const { logs, bus, settings } = parts;
    this.intake = new LogIntake({ logs, bus, maxLogBytes: settings.maxLogBytes });
  }

  async hear(message: WorkerMessage): Promise<void> {
    if (message.type === 'hello') {
      this.greeting = this.greet(message);
      return this.greeting;
    }
    if (!this.greeting) return this.refuse('hello-first', 'The first message must be hello.');
    await this.greeting;
    if (this.ended || !this.hello) return;
    switch (message.type) {
      case 'heartbeat':
        return this.beat(message);
      case 'claim':
        return this.claim(message.slots);
      case 'started':
        return this.started(claimOf(message));
      case 'report':
        return this.report(message);
    }
  }

  /** Bytes for an attempt that is not this worker's are dropped unanswered. */
  async hearLog(frame: LogFrame): Promise<void> {
    await this.greeting;
    const attempt = frame.attempt as AttemptId;
    if (this.ended || !this.hello || !(await this.owns(attempt))) return;
    const offset = await this.intake.take(frame);
    this.line.send({ type: 'acknowledged', of: 'log', attempt: String(attempt), offset });
  }

  /** Somebody changed something for this worker: looks at once instead of at the next heartbeat. */
  async wake(): Promise<void> {
    if (!this.hello) return;
    await this.renew([...this.live.values()]);
    if (this.heartbeat) await this.look();
  }

  refuse(code: string, message: string): void {
    this.ended = true;
    this.line.send({ type: 'refused', code, message });
    this.line.hangUp(1008, code);
  }

  /** None of the versions that the agent speaks is ours; people see it with the worker. */
  async refuseVersion(offered: readonly number[]): Promise<void> {
    const version = negotiate(offered);
    if (version.ok) return this.refuse('malformed', 'The hello cannot be read.');
    const { code, message } = version.error;
    await this.parts.workers.refused(this.worker.id, { code, message });
    this.refuse(code, message);
    await this.parts.bus.publish('workers', '');
  }

  /** The socket is gone. Resolves when what was begun for the hello is done. */
  async end(): Promise<void> {
    this.ended = true;
    if (this.hello) this.desks.claims.tidy(this.hello.className);
    await this.greeting?.catch(() => undefined);
  }

  /** Known from this conversation; or from the leases, after a hello that did not name it. */
  private async owns(attempt: AttemptId): Promise<boolean> {
    if (this.live.has(attempt)) return true;
    return (await this.parts.leases.holder(attempt)) === this.worker.id;
  }

  private async greet(said: Hello): Promise<void> {
    const version = negotiate(said.protocol);
    if (!version.ok) return this.refuseVersion(said.protocol);
    const protocol = version.value;
    const hello = { ...said, features: offeredFeatures(said.features, said.backends) };
    const { settings, workers } = this.parts;
    const publicKeys = await readPublicKeys(settings.publicKeyFile);
    await this.parts.upstreams.refresh();
    // The substituter makes its key when it first starts; a worker that came earlier comes again.
    if (publicKeys.length === 0) return this.line.hangUp(1013, 'the farm has no signing key yet');
    const className = workerClassName(hello);
    const { gateway } = settings;
    this.standing = await workers.hello(this.worker.id, { ...hello, protocol, className, gateway });
    if (this.standing.removed) return this.refuse('removed', 'This worker was removed.');
    const named = hello.attempts.map(claimOf);
    const lost = await this.renew(named);
    const { leases, reports, bus } = this.parts;
    const parts = { leases, reports, bus };
    await endForgotten(
      parts,
      this.worker.id,
      named.map(({ attempt }) => attempt),
    );
    this.hello = { ...hello, className, spoken: protocol };
    this.line.send({
      type: 'welcome',
      protocol,
      worker: { id: String(this.worker.id), name: this.worker.name },
      leaseSeconds: settings.leaseSeconds,
      heartbeatSeconds: settings.heartbeatSeconds,
      logWindowBytes: settings.logWindowBytes,
      maxLogBytes: settings.maxLogBytes,
      substituter: settings.substituterUrl,
      publicKeys,
      lost: lost.map(String),
    });
    await this.parts.bus.publish('workers', '');
    await this.parts.bus.publish('planner', '');
  }

  private async beat(heartbeat: Heartbeat): Promise<void> {
    const turned = holdsBack(heartbeat) !== holdsBack(this.heartbeat);
    this.heartbeat = heartbeat;
    const named = new Map(heartbeat.attempts.map(claimOf).map((claim) => [claim.attempt, claim]));
    const lost = await this.renewAtPulse(turned, named);
    if (this.ended) return;
    for (const { attempt, fence } of lost) {
      this.line.send({ type: 'cancel', attempt: String(attempt), fence, reason: 'lease-lost' });
      named.delete(attempt);
    }
    await this.look();
    if (turned) await this.parts.bus.publish('planner', '');
    const { sequence } = heartbeat;
    if (this.ended || sequence === undefined || this.hello!.spoken < 2) return;
    const renewed = [...named.keys()].map(String);
    this.line.send({ type: 'acknowledged', of: 'heartbeat', sequence, renewed });
  }

  /** Answers what is lost. What is reported meanwhile has no lease any more, and is not lost. */
  private async renewAtPulse(
    turned: boolean,
    named: Map<AttemptId, AttemptClaim>,
  ): Promise<AttemptClaim[]> {
    this.beats.add(named);
    try {
      if (!turned) await this.desks.pulse.next();
      const lost = this.ended ? [] : await this.renew([...named.values()]);
      return lost.flatMap((attempt) =>
        this.reporting.has(attempt) ? [] : (named.get(attempt) ?? []),
      );
    } finally {
      this.beats.delete(named);
    }
  }

  /** Keeps what the worker said of itself, and does as the farm's people wish. */
  private async look(): Promise<void> {
    // One after the other, so that what is kept is never older than what was kept before.
    const kept = this.keeping.then(() => this.keep(this.heartbeat!));
    this.keeping = kept.catch(() => undefined);
    await kept;
    if (this.ended) return;
    if (!this.takes()) this.desks.claims.tidy(this.hello?.className ?? '');
    else if (this.waitingForResume.size > 0) {
      const slots = [...this.waitingForResume];
      this.waitingForResume.clear();
      await this.claim(slots);
    }
  }

  private async keep(heartbeat: Heartbeat): Promise<void> {
    const { minDisk = null } = heartbeat;
    const { workers, settings } = this.parts;
    const { gateway } = settings;
    const told = { ...heartbeat, holdsBack: holdsBack(heartbeat), minDisk, gateway };
    const before = this.standing;
    this.standing = await workers.beat(this.worker.id, told);
    if (this.standing.removed) this.refuse('removed', 'This worker was removed.');
    else if (this.standing.draining && !before?.draining) {
      this.line.send({ type: 'drain', note: this.standing.note });
    }
  }

  /** Renews, tells what is unwanted, remembers what is this worker's; answers what is not. */
  private async renew(attempts: readonly AttemptClaim[]): Promise<readonly AttemptId[]> {
    const { leaseSeconds } = this.parts.settings;
    const { leases } = this.parts;
    const { canceled, lost } = await renewLeases(leases, this.worker.id, {
      attempts,
      leaseSeconds,
    });
    for (const claim of attempts) this.live.set(claim.attempt, claim);
    for (const attempt of lost) this.live.delete(attempt);
    for (const { attempt, fence, reason } of canceled) {
      this.line.send({ type: 'cancel', attempt: String(attempt), fence, reason });
    }
    return lost;
  }

  private async claim(slots: readonly number[]): Promise<void> {
    const { claims, settings } = this.parts;
    // A slot whose report is on its way still has its lease, and is about to be free.
    await Promise.allSettled(this.reporting.values());
    const free = slots.filter((slot) => slot < (this.hello?.slots ?? 0) && !this.wanted.has(slot));
    for (const slot of free) this.wanted.add(slot);
    const held = await claims.held(this.worker.id, free, settings.leaseSeconds);
    for (const build of held) this.give(build);
    for (const slot of free.filter((one) => this.wanted.has(one))) this.stand(slot);
  }

  private stand(slot: number): void {
    if (!this.takes()) {
      this.wanted.delete(slot);
      this.waitingForResume.add(slot);
      return;
    }
    const waiting: WaitingSlot = {
      worker: this.worker.id,
      slot,
      give: (build) => this.give(build),
      refuse: () => {
        this.wanted.delete(slot);
        this.waitingForResume.add(slot);
      },
      wants: () => !this.ended && this.takes(),
    };
    this.desks.claims.want(this.hello?.className ?? '', waiting);
  }

  private takes(): boolean {
    if (this.standing === null || holdsBack(this.heartbeat) !== null) return false;
    return !this.standing.paused && !this.standing.draining;
  }

  private give(build: ClaimedBuild): void {
    this.wanted.delete(build.slot);
    this.live.set(build.attempt, { attempt: build.attempt, fence: build.fence });
    const { settings, upstreams } = this.parts;
    const { slug } = build.store;
    const publicKeys = ownKeys(settings.publicKeyFile, slug);
    const sources = { upstreams: upstreams.of(slug), publicKeys };
    this.line.send(buildMessage(build, settings.serviceToken, sources));
  }

  private async started({ attempt, fence }: AttemptClaim): Promise<void> {
    const build = await this.parts.claims.started(this.worker.id, attempt, fence);
    if (build !== null) await tellBuild(this.parts.bus, { build, status: 'started' });
  }

  private async report(message: Report): Promise<void> {
    const report = reportOf(this.worker.id, message);
    const settling = this.settle(report);
    this.reporting.set(report.attempt, settling);
    await settling.finally(() => {
      if (this.reporting.get(report.attempt) === settling) this.reporting.delete(report.attempt);
      for (const named of this.beats) named.delete(report.attempt);
    });
  }

  private async settle(report: WorkerReport): Promise<void> {
    // An attempt of another worker has no log of this session to wait for, and no seal to ask for.
    if (this.live.has(report.attempt)) await this.intake.seal(report.attempt);
    const accepted = await this.desks.reports.settle(report);
    this.live.delete(report.attempt);
    const attempt = String(report.attempt);
    this.line.send({ type: 'acknowledged', of: 'report', attempt, accepted });
  }
}

/** Why the worker takes no new builds, by its own word; null when it takes them. */
function holdsBack(heartbeat: Heartbeat | null): HoldsBack | null {
  return heartbeat?.holdsBack ?? null;
}

/**
 * Of a store that is not the farm's first of its backend; null for those. Its key is read at each
 * build, since such a store may be younger than the worker's connection.
 */
function ownKeys(file: string, slug: string): string[] | null {
  if (Object.hasOwn(backendStores, slug)) return null;
  try {
    const text = readFileSync(join(dirname(file), 'public-keys', `${slug}.pub`), 'utf8');
    return text.split(/\s+/).filter((key) => key !== '');
  } catch {
    // The substituter has not made it yet: the worker is told of none, and the build comes again.
    return [];
  }
}

async function readPublicKeys(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split(/\s+/).filter((key) => key !== '');
}
