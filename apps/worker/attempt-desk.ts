/**
 * The attempts that this worker has in hand, from the message that gives one to the word that it is
 * settled: begun, adopted, stopped, forgotten. What each says on the way is the loops' work.
 */
import { join } from 'node:path';
import { removeTree } from '#adapters/backends/local/trees.js';
import { capLimits } from '#domain/build/limits.js';
import type { BuildMessage, GatewayMessage, HoldsBack, Welcome } from '#protocol/worker.js';
import { AttemptDirectory, type AttemptRequest, type Stop } from './attempt/attempt-directory.js';
import { failure } from './attempt/run-attempt.js';
import { heldAttempt, type AttemptLedger, type HeldAttempt } from './attempt-ledger.js';
import type { LogLoop } from './log-loop.js';
import type { LookLoop } from './look-loop.js';
import type { WorkerOptions } from './options.js';
import { refusalOf } from './refusal.js';
import { say } from './say.js';
import { adoptAttempts, discardAttempt, startSupervisor, stopAttempt } from './supervisors.js';

export interface AttemptDeskParts {
  readonly options: WorkerOptions;
  readonly ledger: AttemptLedger;
  readonly look: LookLoop;
  readonly logs: LogLoop;
}

type CancelMessage = Extract<GatewayMessage, { type: 'cancel' }>;

export class AttemptDesk {
  constructor(private readonly parts: AttemptDeskParts) {}

  /** Takes up what an earlier agent left; answers the shortest lease of it, null for nothing. */
  adopt(): number | null {
    const adopted = adoptAttempts(this.#directory);
    for (const held of adopted) this.#hold(held);
    if (adopted.length === 0) return null;
    return Math.min(...adopted.map((held) => held.request.leaseSeconds));
  }

  /** A build that comes twice is begun once; one that cannot be begun gets its result at once. */
  begin(build: BuildMessage, welcome: Welcome, holdsBack: HoldsBack | null): void {
    const { ledger, look, options } = this.parts;
    if (ledger.get(build.attempt)) return;
    const directory = new AttemptDirectory(join(this.#directory, build.attempt));
    const request = this.#requestOf(build, welcome);
    directory.create(request);
    const refusal = holdsBack
      ? failure('handed-back', `the worker takes no new builds (${holdsBack})`)
      : ledger.admits(build.slot)
        ? refusalOf(build, options)
        : failure('handed-back', `slot ${build.slot} is not free`);
    if (refusal) directory.writeResult(refusal);
    else startSupervisor(directory);
    say(`attempt ${build.attempt} of build ${build.build}: ${build.derivation}`);
    const held = heldAttempt(directory, request);
    this.#hold(held);
    look.look(held);
  }

  cancel({ attempt, fence, reason }: CancelMessage): void {
    const held = this.parts.ledger.get(attempt);
    if (!held || held.fence !== fence || held.finishedAt !== null || held.stopping) return;
    say(`stops attempt ${attempt}: ${reason}`);
    void this.#stop(held, { kind: 'canceled', message: reason });
  }

  /** Ends all that runs, each with a result that gives it back to the farm. */
  async handBack(): Promise<void> {
    const stop: Stop = { kind: 'handed-back', message: 'the worker was asked to stop at once' };
    await Promise.all(this.parts.ledger.running().map((held) => this.#stop(held, stop)));
  }

  /** The farm has the result: the attempt leaves the disk. */
  settled(attempt: string, accepted: boolean): void {
    const held = this.parts.ledger.get(attempt);
    if (!held || held.finishedAt === null) return;
    const result = held.directory.result();
    const words = result?.kind === 'failed' ? `failed (${result.reason})` : result?.kind;
    say(`attempt ${attempt} ${words}${accepted ? '' : ', but it was no longer ours'}`);
    this.#release(attempt);
    void removeTree(held.directory.path).catch((thrown: unknown) => {
      say(`the directory of attempt ${attempt} stays: ${String(thrown)}`);
    });
  }

  /** The farm gave it to another worker. */
  forget(attempt: string): void {
    const held = this.parts.ledger.get(attempt);
    if (!held) return;
    say(`attempt ${attempt} was lost to this worker`);
    this.#release(attempt);
    void discardAttempt(held);
  }

  /** Nothing that it has in hand is anybody's any more. */
  async discardAll(): Promise<void> {
    const held = this.parts.ledger.all();
    for (const { attempt } of held) this.#release(attempt);
    await Promise.all(held.map(discardAttempt));
  }

  get #directory(): string {
    return join(this.parts.options.data, 'attempts');
  }

  #hold(held: HeldAttempt): void {
    const { ledger, look, logs } = this.parts;
    ledger.add(held);
    look.watch(held);
    logs.watch();
  }

  #release(attempt: string): void {
    this.parts.ledger.remove(attempt);
    this.parts.look.unwatch(attempt);
  }

  async #stop(held: HeldAttempt, stop: Stop): Promise<void> {
    held.stopping = true;
    await stopAttempt(held, stop);
    this.parts.look.look(held);
  }

  #requestOf(build: BuildMessage, welcome: Welcome): AttemptRequest {
    const { limits, cores, systems, features, data } = this.parts.options;
    const { maxLogBytes, substituter, leaseSeconds } = welcome;
    const publicKeys = build.publicKeys ?? welcome.publicKeys;
    return {
      ...{ build, cores, systems, features, maxLogBytes, substituter, publicKeys, leaseSeconds },
      limits: capLimits(build.limits, limits),
      stores: join(data, 'stores'),
    };
  }
}
