/**
 * The worker agent: hears the farm, keeps the ledger of attempts, and lets its loops do their work
 * (claim, heartbeat, disk guard, look, log, report), each in a file of its own. Builds run in
 * supervisors of their own and outlive it.
 */
import {
  protocolVersions,
  type EnrolAnswer,
  type GatewayMessage,
  type Hello,
  type HoldsBack,
  type Welcome,
} from '#protocol/worker.js';
import { AttemptDesk } from './attempt-desk.js';
import { AttemptLedger, type HeldAttempt } from './attempt-ledger.js';
import { ClaimLoop } from './claim-loop.js';
import { GatewayConnection } from './connection.js';
import { DiskGuard } from './disk-guard.js';
import { HeartbeatLoop } from './heartbeat-loop.js';
import { LogLoop } from './log-loop.js';
import { LookLoop } from './look-loop.js';
import type { WorkerOptions } from './options.js';
import { ReportLoop } from './report-loop.js';
import { say } from './say.js';

/** How long results that nobody takes hold up an agent that wants to end. */
const unheardMilliseconds = 30_000;

export type Ending = 'drained' | 'removed';

export class WorkerAgent {
  readonly #ledger: AttemptLedger;
  readonly #connection: GatewayConnection;
  readonly #desk: AttemptDesk;
  readonly #claims: ClaimLoop;
  readonly #heartbeat: HeartbeatLoop;
  readonly #disk: DiskGuard;
  readonly #look: LookLoop;
  readonly #logs: LogLoop;
  readonly #reports: ReportLoop;
  #welcome: Welcome | null = null;
  #draining = false;
  #lostAt: number | null = performance.now();
  #finished: (end: Ending) => void = () => undefined;
  /** Resolves when a draining agent has nothing more to do, or the farm has removed it. */
  readonly finished = new Promise<Ending>((resolve) => (this.#finished = resolve));

  constructor(
    private readonly options: WorkerOptions,
    identity: EnrolAnswer,
    private readonly version: string,
  ) {
    const { farms, data, maxJobs, minDisk } = options;
    const ledger = new AttemptLedger(maxJobs);
    this.#ledger = ledger;
    this.#connection = this.#connect(farms, identity.credential);
    const line = this.#connection;
    const send = line.send.bind(line);
    const holdsBack = (): HoldsBack | null => this.#holdsBack();
    this.#claims = new ClaimLoop(ledger, send, () => holdsBack() !== null);
    this.#disk = new DiskGuard({ directory: data, minDisk, turned: () => this.#turned() });
    this.#heartbeat = new HeartbeatLoop({
      ...{ ledger, data, minDisk, send, holdsBack },
      unheard: () => this.#unheard(),
    });
    this.#look = new LookLoop({
      ...{ ledger, line },
      ended: (held) => this.#ended(held),
      looked: () => this.#looked(),
    });
    this.#logs = new LogLoop(ledger, line);
    this.#reports = new ReportLoop(ledger, send);
    this.#desk = new AttemptDesk({ options, ledger, look: this.#look, logs: this.#logs });
  }

  start(): void {
    this.#disk.start();
    const leaseSeconds = this.#desk.adopt();
    if (leaseSeconds !== null) {
      this.#heartbeat.start({ heartbeatSeconds: leaseSeconds / 3, leaseSeconds, protocol: null });
    }
    this.#connection.open();
  }

  /** No new builds; those that run are finished while the heart goes on beating. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    say(`drains: ${this.#ledger.all().length} attempts to finish`);
    this.#endIfDone();
    if (this.#ledger.all().length > 0) this.#turned();
  }

  /** Gives all builds that run back to the farm. */
  async handBack(): Promise<void> {
    this.drain();
    await this.#desk.handBack();
  }

  #connect(farms: readonly string[], credential: string): GatewayConnection {
    return new GatewayConnection(
      { farms, credential },
      {
        hello: () => this.#hello(),
        welcome: (welcome) => this.#welcomed(welcome),
        message: (message) => this.#hear(message),
        lost: () => this.#lost(),
        removed: () => void this.#removed(),
      },
    );
  }

  #holdsBack(): HoldsBack | null {
    if (this.#draining) return 'draining';
    return this.#disk.holds ? 'disk-guard' : null;
  }

  /** It holds back from now on, or not any more: claims that stand must not, and the farm knows. */
  #turned(): void {
    if (!this.#connection.ready) return;
    const tells = (this.#welcome?.protocol ?? 1) >= 2;
    // In version 1 a claim stands until its conversation ends, so this one must.
    if (!tells && this.#holdsBack() !== null && this.#claims.standing > 0) {
      return this.#connection.renew();
    }
    this.#heartbeat.beat();
    this.#claims.run();
  }

  #unheard(): void {
    say('the farm answers no heartbeat: tries again');
    this.#connection.renew('elsewhere');
  }

  #lost(): void {
    this.#lostAt = performance.now();
    this.#heartbeat.lost();
  }

  #hello(): Hello {
    const { systems, features, maxJobs, cores, speed, backends } = this.options;
    return {
      type: 'hello',
      protocol: [...protocolVersions],
      version: this.version,
      systems: [...systems],
      features: [...features],
      slots: maxJobs,
      cores,
      speed,
      backends: [...backends],
      attempts: this.#ledger
        .all()
        .map(({ attempt, build, fence, slot }) => ({ attempt, build, fence, slot })),
    };
  }

  #welcomed(welcome: Welcome): void {
    say(this.#welcome ? 'connected again' : this.#connectedAs(welcome.worker.name));
    this.#welcome = welcome;
    this.#lostAt = null;
    for (const attempt of welcome.lost) this.#desk.forget(attempt);
    this.#look.restart();
    this.#claims.restart();
    this.#reports.restart();
    this.#logs.restart(welcome.logWindowBytes);
    this.#heartbeat.start(welcome);
    this.#claims.run();
    this.#look.lookAll();
  }

  #connectedAs(name: string): string {
    return `connected to ${this.#connection.farm} as ${name}`;
  }

  #hear(message: Exclude<GatewayMessage, Welcome>): void {
    switch (message.type) {
      case 'build':
        this.#claims.answered(message.slot);
        return this.#desk.begin(message, this.#welcome!, this.#holdsBack());
      case 'acknowledged':
        if (message.of === 'heartbeat') return this.#heartbeat.acknowledged();
        return message.of === 'log'
          ? this.#logKept(message.attempt, message.offset)
          : this.#settled(message.attempt, message.accepted);
      case 'cancel':
        return this.#desk.cancel(message);
      case 'drain':
        return say(`the farm gives no new builds: ${message.note}`);
      case 'refused':
        return;
    }
  }

  #ended(held: HeldAttempt): void {
    this.#logs.ship(held);
    this.#reports.run();
  }

  #looked(): void {
    this.#reports.run();
    this.#endIfDone();
  }

  #logKept(attempt: string, offset: number): void {
    const held = this.#ledger.get(attempt);
    if (!held) return;
    this.#logs.acknowledged(held, offset);
    if (held.finishedAt !== null) this.#reports.run();
  }

  #settled(attempt: string, accepted: boolean): void {
    this.#desk.settled(attempt, accepted);
    this.#claims.run();
    this.#endIfDone();
  }

  /** It will not be let in again. */
  async #removed(): Promise<void> {
    await this.#desk.discardAll();
    this.#end('removed');
  }

  #endIfDone(): void {
    if (!this.#draining) return;
    const unheard = this.#lostAt !== null && performance.now() - this.#lostAt > unheardMilliseconds;
    const left = unheard ? this.#ledger.running() : this.#ledger.all();
    if (left.length === 0) this.#end('drained');
  }

  #end(how: Ending): void {
    this.#look.stop();
    this.#heartbeat.stop();
    this.#disk.stop();
    this.#logs.stop();
    this.#connection.close();
    this.#finished(how);
  }
}
