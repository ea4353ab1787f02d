/**
 * The worker agent: hears the farm, keeps the ledger of attempts, and lets its loops do their work
 * (claim, heartbeat, log, report). Builds run in supervisors of their own and outlive it.
 */
import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '#adapters/backends/local/trees.js';
import { capLimits } from '#domain/build/limits.js';
import {
  protocolVersions,
  type BuildMessage,
  type EnrolAnswer,
  type GatewayMessage,
  type Hello,
  type Welcome,
} from '#protocol/worker.js';
import { AttemptDirectory, type AttemptRequest, type Stop } from './attempt/attempt-directory.js';
import { failure } from './attempt/run-attempt.js';
import { AttemptLedger, heldAttempt, type HeldAttempt } from './attempt-ledger.js';
import { ClaimLoop } from './claim-loop.js';
import { GatewayConnection } from './connection.js';
import { HeartbeatLoop } from './heartbeat-loop.js';
import { LogLoop } from './log-loop.js';
import type { WorkerOptions } from './options.js';
import { refusalOf } from './refusal.js';
import { ReportLoop } from './report-loop.js';
import { say } from './say.js';
import {
  adoptAttempts,
  discardAttempt,
  endedSilently,
  startSupervisor,
  stopAttempt,
} from './supervisors.js';

const lookMilliseconds = 500;
/** How long results that nobody takes hold up an agent that wants to end. */
const unheardMilliseconds = 30_000;

export class WorkerAgent {
  readonly #ledger: AttemptLedger;
  readonly #connection: GatewayConnection;
  readonly #claims: ClaimLoop;
  readonly #heartbeat: HeartbeatLoop;
  readonly #logs: LogLoop;
  readonly #reports: ReportLoop;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #looking: NodeJS.Timeout;
  #welcome: Welcome | null = null;
  #draining = false;
  #lostAt: number | null = performance.now();
  #finished: () => void = () => undefined;
  /** Resolves when a draining agent has nothing more to do. */
  readonly finished = new Promise<void>((resolve) => (this.#finished = resolve));

  constructor(
    private readonly options: WorkerOptions,
    identity: EnrolAnswer,
    private readonly version: string,
  ) {
    this.#ledger = new AttemptLedger(options.maxJobs);
    this.#connection = new GatewayConnection(
      { farm: options.farm, credential: identity.credential },
      {
        hello: () => this.#hello(),
        welcome: (welcome) => this.#welcomed(welcome),
        message: (message) => this.#hear(message),
        lost: () => void (this.#lostAt = performance.now()),
      },
    );
    const send = this.#connection.send.bind(this.#connection);
    this.#claims = new ClaimLoop(this.#ledger, send);
    this.#heartbeat = new HeartbeatLoop({ ledger: this.#ledger, data: options.data, send });
    this.#logs = new LogLoop(this.#ledger, this.#connection);
    this.#reports = new ReportLoop(this.#ledger, send);
    this.#looking = setInterval(() => this.#lookAll(), lookMilliseconds);
  }

  start(): void {
    for (const held of adoptAttempts(this.#attempts)) {
      this.#hold(held);
      this.#heartbeat.start(held.request.leaseSeconds / 3, held.request.leaseSeconds);
    }
    this.#connection.open();
  }

  /** No new builds; those that run are finished while the heart goes on beating. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#claims.stop();
    say(`drains: ${this.#ledger.all().length} attempts to finish`);
    this.#endIfDone();
    // A claim stands until its conversation ends, so this one must.
    if (this.#ledger.all().length > 0 && this.#claims.standing > 0) this.#connection.renew();
  }

  /** Gives all builds that run back to the farm. */
  async handBack(): Promise<void> {
    this.drain();
    const stop: Stop = { kind: 'handed-back', message: 'the worker was asked to stop at once' };
    await Promise.all(this.#ledger.running().map((held) => this.#stop(held, stop)));
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
    if (!this.#welcome) say(`connected to ${this.options.farm} as ${welcome.worker.name}`);
    else say('connected again');
    this.#welcome = welcome;
    this.#lostAt = null;
    for (const attempt of welcome.lost) this.#forget(attempt);
    for (const held of this.#ledger.all()) held.startedTold = false;
    this.#claims.restart();
    this.#reports.restart();
    this.#logs.restart(welcome.logWindowBytes);
    this.#heartbeat.start(welcome.heartbeatSeconds, welcome.leaseSeconds);
    this.#claims.run();
    this.#lookAll();
  }

  #hear(message: Exclude<GatewayMessage, Welcome>): void {
    switch (message.type) {
      case 'build':
        return this.#begin(message);
      case 'acknowledged':
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
    const refusal = this.#draining
      ? failure('handed-back', 'the worker takes no new builds')
      : this.#ledger.admits(build.slot)
        ? refusalOf(build, this.options)
        : failure('handed-back', `slot ${build.slot} is not free`);
    if (refusal) directory.writeResult(refusal);
    else startSupervisor(directory);
    say(`attempt ${build.attempt} of build ${build.build}: ${build.derivation}`);
    const held = heldAttempt(directory, request);
    this.#hold(held);
    this.#look(held);
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
    const watcher = watch(held.directory.path, (_, name) => {
      if (name === 'result.json' || name === 'started') this.#look(held);
    });
    // The regular look finds what a watcher that failed does not.
    watcher.on('error', () => watcher.close());
    this.#watchers.set(held.attempt, watcher);
    this.#logs.watch();
  }

  #lookAll(): void {
    for (const held of this.#ledger.all()) this.#look(held);
    this.#reports.run();
    this.#endIfDone();
  }

  #look(held: HeldAttempt): void {
    const { directory, attempt, fence } = held;
    if (!held.startedTold && held.reportedAt === null && directory.hasStarted()) {
      this.#connection.send({ type: 'started', attempt, fence });
      held.startedTold = this.#connection.ready;
    }
    if (held.finishedAt !== null) return;
    if (!held.stopping && endedSilently(held)) {
      directory.writeResult(failure('infrastructure', 'the supervisor of the attempt died'));
    }
    if (!directory.hasResult()) return;
    held.finishedAt = performance.now();
    this.#logs.ship(held);
    this.#reports.run();
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
    this.#look(held);
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
    this.#watchers.get(attempt)?.close();
    this.#watchers.delete(attempt);
  }

  #endIfDone(): void {
    if (!this.#draining) return;
    const unheard = this.#lostAt !== null && performance.now() - this.#lostAt > unheardMilliseconds;
    const left = unheard ? this.#ledger.running() : this.#ledger.all();
    if (left.length > 0) return;
    clearInterval(this.#looking);
    this.#heartbeat.stop();
    this.#logs.stop();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#connection.close();
    this.#finished();
  }
}
