/**
 * The worker agent: hears the farm, keeps the ledger of attempts, and lets its loops do their work
 * (claim, heartbeat, disk guard, look, log, report), each in a file of its own. Builds run in
 * supervisors of their own and outlive it.
 */
import { join } from 'node:path';
import { removeTree } from '#adapters/backends/local/trees.js';
import { capLimits } from '#domain/build/limits.js';
import {
  protocolVersions,
  type BuildMessage,
  type EnrolAnswer,
  type GatewayMessage,
  type Hello,
  type HoldsBack,
  type Welcome,
} from '#protocol/worker.js';
import { AttemptDirectory, type AttemptRequest, type Stop } from './attempt/attempt-directory.js';
import { failure } from './attempt/run-attempt.js';
import { AttemptLedger, heldAttempt, type HeldAttempt } from './attempt-ledger.js';
import { ClaimLoop } from './claim-loop.js';
import { GatewayConnection } from './connection.js';
import { DiskGuard } from './disk-guard.js';
import { HeartbeatLoop } from './heartbeat-loop.js';
import { LogLoop } from './log-loop.js';
import { LookLoop } from './look-loop.js';
import type { WorkerOptions } from './options.js';
import { refusalOf } from './refusal.js';
import { ReportLoop } from './report-loop.js';
import { say } from './say.js';
import { adoptAttempts, discardAttempt, startSupervisor, stopAttempt } from './supervisors.js';

/** How long results that nobody takes hold up an agent that wants to end. */
const unheardMilliseconds = 30_000;

export type Ending = 'drained' | 'removed';

export class WorkerAgent {
  readonly #ledger: AttemptLedger;
  readonly #connection: GatewayConnection;
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
  }

  start(): void {
    this.#disk.start();
    for (const held of adoptAttempts(this.#attempts)) {
      this.#hold(held);
      const { leaseSeconds } = held.request;
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
    const stop: Stop = { kind: 'handed-back', message: 'the worker was asked to stop at once' };
    await Promise.all(this.#ledger.running().map((held) => this.#stop(held, stop)));
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

  get #attempts(): string {
    return join(this.options.data, 'attempts');
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
    for (const attempt of welcome.lost) this.#forget(attempt);
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
        return this.#begin(message);
      case 'acknowledged':
        if (message.of === 'heartbeat') return this.#heartbeat.acknowledged();
        return message.of === 'log'
          ? this.#logKept(message.attempt, message.offset)
          : this.#settled(message.attempt, message.accepted);
      case 'cancel':
        return this.#cancel(message);
      case 'drain':
        return say(`the farm gives no new builds: ${message.note}`);
      case 'refused':
        return;
    }
  }

  #begin(build: BuildMessage): void {
    this.#claims.answered(build.slot);
    if (this.#ledger.get(build.attempt)) return;
    const directory = new AttemptDirectory(join(this.#attempts, build.attempt));
    const request = this.#requestOf(build);
    directory.create(request);
    const holdsBack = this.#holdsBack();
    const refusal = holdsBack
      ? failure('handed-back', `the worker takes no new builds (${holdsBack})`)
      : this.#ledger.admits(build.slot)
        ? refusalOf(build, this.options)
        : failure('handed-back', `slot ${build.slot} is not free`);
    if (refusal) directory.writeResult(refusal);
    else startSupervisor(directory);
    say(`attempt ${build.attempt} of build ${build.build}: ${build.derivation}`);
    const held = heldAttempt(directory, request);
    this.#hold(held);
    this.#look.look(held);
  }

  #requestOf(build: BuildMessage): AttemptRequest {
    const { limits, cores, systems, features, data } = this.options;
    const welcome = this.#welcome!;
    return {
      build,
      limits: capLimits(build.limits, limits),
      cores,
      systems,
      features,
      maxLogBytes: welcome.maxLogBytes,
      substituter: welcome.substituter,
      publicKeys: welcome.publicKeys,
      stores: join(data, 'stores'),
      leaseSeconds: welcome.leaseSeconds,
    };
  }

  #hold(held: HeldAttempt): void {
    this.#ledger.add(held);
    this.#look.watch(held);
    this.#logs.watch();
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
    const held = this.#ledger.get(attempt);
    if (!held || held.finishedAt === null) return;
    const result = held.directory.result();
    const words = result?.kind === 'failed' ? `failed (${result.reason})` : result?.kind;
    say(`attempt ${attempt} ${words}${accepted ? '' : ', but it was no longer ours'}`);
    this.#release(attempt);
    void removeTree(held.directory.path).catch((thrown: unknown) => {
      say(`the directory of attempt ${attempt} stays: ${String(thrown)}`);
    });
    this.#claims.run();
    this.#endIfDone();
  }

  #cancel({ attempt, fence, reason }: Extract<GatewayMessage, { type: 'cancel' }>): void {
    const held = this.#ledger.get(attempt);
    if (!held || held.fence !== fence || held.finishedAt !== null || held.stopping) return;
    say(`stops attempt ${attempt}: ${reason}`);
    void this.#stop(held, { kind: 'canceled', message: reason });
  }

  async #stop(held: HeldAttempt, stop: Stop): Promise<void> {
    held.stopping = true;
    await stopAttempt(held, stop);
    this.#look.look(held);
  }

  /** The farm gave it to another worker. */
  #forget(attempt: string): void {
    const held = this.#ledger.get(attempt);
    if (!held) return;
    say(`attempt ${attempt} was lost to this worker`);
    this.#release(attempt);
    void discardAttempt(held);
  }

  #release(attempt: string): void {
    this.#ledger.remove(attempt);
    this.#look.unwatch(attempt);
  }

  /** Nothing that it has in hand is anybody's any more, and it will not be let in again. */
  async #removed(): Promise<void> {
    const held = this.#ledger.all();
    for (const { attempt } of held) this.#release(attempt);
    await Promise.all(held.map(discardAttempt));
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
