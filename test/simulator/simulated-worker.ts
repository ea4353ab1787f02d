/**
 * A worker agent with its builds and its disk: it connects, claims, builds, uploads and reports,
 * and does all of it late, twice, never or falsely, as its world's odds are.
 */
import type { WorkerReport } from '#application/accept-report.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import type { AttemptClaim } from '#application/ports/lease-store.js';
import type { WorkerBeat } from '#application/ports/worker-store.js';
import type { ReportedPath } from '#domain/build/judge-report.js';
import type { AttemptOutcome } from '#domain/build/next-build-status.js';
import type { AttemptId, Fence, WorkerId } from '#domain/ids.js';
import type { WorkerWish } from '#testkit/farm-subject.js';
import type { GatewayWord, Line, SimulatedGateway, WorkerWord } from './simulated-gateway.js';
import { leaseSeconds } from './simulated-gateway.js';
import { lieAbout, reportsOfOthers } from './lies.js';
import type { Recipe } from './scenario.js';
import type { Owner } from './timeline.js';
import type { World } from './world.js';

export interface Running {
  readonly build: ClaimedBuild;
  /** What it will say until it is acknowledged; null while it builds. */
  report: Omit<WorkerReport, 'worker'> | null;
  /** No gateway can read what it will say. */
  garbled: boolean;
}

const rebootSeconds = 20;
const heartbeatSeconds = leaseSeconds / 3;

export class SimulatedWorker {
  /** The agent's process; another after each crash. */
  private agent: Owner = { name: '', alive: false };
  /** What lies on disk. */
  readonly running = new Map<AttemptId, Running>();
  private line: { readonly to: SimulatedGateway; readonly line: Line } | null = null;
  private isWelcome = false;
  private frozenUntil = 0;
  private fullUntil = 0;
  /** How much faster than time its clock goes. */
  private readonly clockRate: number;

  constructor(
    readonly id: WorkerId,
    readonly wish: WorkerWish,
    private readonly world: World,
    private readonly gateways: () => readonly SimulatedGateway[],
  ) {
    this.clockRate = world.chance.between(0.6, 1.5);
    this.boot();
  }

  get name(): string {
    return this.wish.name;
  }

  /** The agent dies; its disk may die with it. */
  crash(losesDisk: boolean): void {
    this.agent.alive = false;
    this.hangUp();
    if (losesDisk) this.running.clear();
  }

  boot(): void {
    this.agent.alive = false;
    this.agent = { name: this.name, alive: true };
    this.fullUntil = 0;
    const agent = this.agent;
    for (const running of this.running.values()) if (!running.report) this.build(running);
    const live = async (): Promise<void> => {
      while (agent.alive) {
        this.beat();
        await this.world.timeline.sleep(heartbeatSeconds / this.clockRate, agent);
      }
    };
    void live();
  }

  /** It takes nothing new for so long: its disk is short, or for ever: it is being stopped. */
  holdBack(seconds: number): void {
    this.fullUntil = this.world.timeline.now + seconds;
    if (this.line) this.beat();
  }

  /** The machine will not wait for what it has in hand. */
  handBack(): void {
    for (const running of this.running.values()) this.end(running, handedBack(this.world));
  }

  private get holdsBack(): WorkerBeat['holdsBack'] {
    if (this.fullUntil === Infinity) return 'draining';
    return this.world.timeline.now < this.fullUntil ? 'disk-guard' : null;
  }

  /** Says nothing and hears nothing, and then goes on as if nothing had been. */
  freeze(seconds: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.world.timeline.now + seconds);
  }

  thaw(): void {
    this.frozenUntil = 0;
    this.fullUntil = 0;
    if (!this.agent.alive) this.boot();
  }

  hangUp(): void {
    if (!this.line) return;
    const { to, line } = this.line;
    line.isOpen = false;
    this.line = null;
    this.world.timeline.after(this.world.latency(), to, () => void to.left(line));
  }

  /** Killed by what it built, it comes back empty. */
  private fall(): void {
    this.crash(true);
    this.world.timeline.after(rebootSeconds, this.world.fate, () => this.thaw());
  }

  private get isFrozen(): boolean {
    return this.world.timeline.now < this.frozenUntil;
  }

  private beat(): void {
    if (this.isFrozen) return;
    const isThere = this.line !== null && this.line.line.isOpen && this.line.to.alive;
    if (!isThere || !this.isWelcome) return this.connect();
    const attempts = this.claims();
    const { chance, odds } = this.world;
    if (chance.odds(odds.lie)) {
      attempts.push(...lieAbout(this.world, this.id));
      for (const report of reportsOfOthers(this.world, this.id)) this.sayReport(report);
    }
    this.say({ type: 'heartbeat', attempts, holdsBack: this.holdsBack });
    for (const { report, garbled } of this.running.values()) {
      if (report) this.sayReport(report, garbled);
    }
    this.claim();
  }

  private connect(): void {
    const there = this.gateways().filter((gateway) => gateway.alive);
    if (there.length === 0) return;
    this.hangUp();
    const to = this.world.chance.pick(there);
    this.isWelcome = false;
    const line: Line = { worker: this.id, isOpen: true, say: (word) => this.deliver(line, word) };
    this.line = { to, line };
    this.say({ type: 'hello', wish: this.wish, attempts: this.claims() });
  }

  private claims(): AttemptClaim[] {
    return [...this.running.values()].map(({ build: { attempt, fence } }) => ({ attempt, fence }));
  }

  private claim(): void {
    if (this.holdsBack !== null) return;
    const taken = new Set([...this.running.values()].map(({ build }) => build.slot));
    const slots = Array.from({ length: this.wish.slots }, (_, slot) => slot);
    const free = slots.filter((slot) => !taken.has(slot));
    if (free.length > 0) this.say({ type: 'claim', slots: free });
  }

  private say(word: WorkerWord): void {
    if (!this.line) return;
    const { to, line } = this.line;
    const { chance, odds, timeline } = this.world;
    if (chance.odds(odds.lost)) return;
    const times = chance.odds(odds.doubled) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      timeline.after(this.world.latency(), to, () => void to.hear(line, word));
    }
  }

  private deliver(line: Line, word: GatewayWord): void {
    const { chance, odds, timeline } = this.world;
    if (chance.odds(odds.lost)) return;
    const times = chance.odds(odds.doubled) ? 2 : 1;
    const { agent } = this;
    for (let time = 0; time < times; time += 1) {
      timeline.after(this.world.latency(), agent, () => {
        if (line.isOpen && this.line?.line === line && !this.isFrozen) this.hear(word);
      });
    }
  }

  private hear(word: GatewayWord): void {
    if (word.type === 'welcome') {
      this.isWelcome = true;
      for (const attempt of word.lost) this.running.delete(attempt);
      return this.claim();
    }
    if (word.type === 'build') return this.begin(word.build);
    if (word.type === 'acknowledged') {
      this.running.delete(word.attempt);
      return this.claim();
    }
    if (word.type === 'refused') return this.giveUp(word.attempt);
    const running = this.running.get(word.claim.attempt);
    if (running?.build.fence !== word.claim.fence) return;
    if (word.reason === 'lease-lost') this.running.delete(word.claim.attempt);
    else this.end(running, { kind: 'canceled', message: word.reason });
  }

  private begin(build: ClaimedBuild): void {
    if (this.running.has(build.attempt)) return;
    const running: Running = { build, report: null, garbled: false };
    this.running.set(build.attempt, running);
    this.say({ type: 'started', claim: build });
    this.build(running);
  }

  private build(running: Running): void {
    const { agent, world } = this;
    const seconds = world.chance.between(1, world.isCalm ? 10 : 40);
    const done = async (): Promise<void> => {
      if (this.running.get(running.build.attempt) !== running || running.report) return;
      if (this.isFrozen) return world.timeline.after(5, agent, done);
      await this.finish(running);
    };
    world.timeline.after(seconds, agent, done);
  }

  private async finish(running: Running): Promise<void> {
    const { chance, odds, scenario } = this.world;
    const recipe = scenario.recipes.find(({ path }) => path === running.build.derivation)!;
    if (chance.odds(odds.farmFault)) return this.end(running, farmFault(this.world));
    if (recipe.nature === 'deadly') return this.fall();
    if (recipe.nature === 'hopeless') return this.end(running, farmFault(this.world));
    if (recipe.nature === 'broken') return this.end(running, builderFailed);
    const outputs = outputsOf(this.world, running.build, recipe);
    const arrived = outputs.filter(() => !chance.odds(odds.farmFault / 3));
    for (const output of arrived) {
      await this.world.subject.upload(running.build, output.path, output.narHash);
    }
    await this.world.look(null);
    this.end(running, { kind: 'succeeded' }, outputs);
  }

  private end(
    running: Running,
    outcome: AttemptOutcome,
    outputs: readonly ReportedPath[] = [],
  ): void {
    if (running.report) return;
    const { attempt, fence } = running.build;
    const { chance, odds } = this.world;
    const honest = { attempt, fence, logBytes: chance.whole(0, 99), outputs, outcome };
    running.report = honest;
    if (chance.odds(odds.lie)) this.sayReport(falsified(this.world, honest));
    if (chance.odds(odds.farmFault / 4)) return void this.running.delete(attempt);
    running.garbled = chance.odds(odds.farmFault / 4);
    this.sayReport(honest, running.garbled);
  }

  /** What no gateway can read is told as a fault of the farm's, or it would be said for ever. */
  private giveUp(attempt: AttemptId): void {
    const running = this.running.get(attempt);
    if (!running?.garbled || !running.report) return;
    running.garbled = false;
    const message = 'The report was refused.';
    const outcome = { kind: 'failed', reason: 'infrastructure', message } as const;
    running.report = { ...running.report, outputs: [], outcome };
    this.sayReport(running.report);
  }

  private sayReport(report: Omit<WorkerReport, 'worker'>, garbled = false): void {
    this.say({ type: 'report', report, garbled });
  }
}

const builderFailed: AttemptOutcome = {
  ...{ kind: 'failed', reason: 'builder-failed', message: 'exit status 1', exitCode: 1 },
};

/** As agents of both protocol versions say it. */
function handedBack({ chance }: World): AttemptOutcome {
  const message = 'the worker machine stops';
  if (chance.odds(0.5)) return { kind: 'canceled', message };
  return { kind: 'failed', reason: 'handed-back', message };
}

function farmFault({ chance }: World): AttemptOutcome {
  const reason = chance.pick(['no-space', 'input-missing', 'upload-failed', 'infrastructure']);
  return { kind: 'failed', reason: reason as 'no-space', message: 'the worker is unwell' };
}

/** Another attempt may make other bytes; references are the outputs of some inputs. */
function outputsOf({ chance, scenario }: World, build: ClaimedBuild, recipe: Recipe) {
  const inputs = scenario.recipes.filter(({ path }) => recipe.inputs.includes(path));
  const paths = inputs.flatMap((input) => input.outputs.map((output) => output.path!));
  const own = recipe.outputs.map((output) => output.path!);
  const stable = chance.odds(0.8);
  return recipe.outputs.map(({ name, path }): ReportedPath => ({
    ...{ name, path: path!, narSize: 5 },
    narHash: `sha256:${stable ? '' : `${build.attempt}-`}${path}`,
    references: [...paths, ...own].filter(() => chance.odds(0.5)),
  }));
}

/** Of the worker's own attempt, and false: another fence, other bytes, half of the outputs. */
function falsified({ chance }: World, honest: Omit<WorkerReport, 'worker'>) {
  const fence = '00000000deadbeef' as Fence;
  const strange = `${'z'.repeat(32)}-never-offered`;
  return chance.pick([
    { ...honest, fence },
    { ...honest, fence, outputs: [], outcome: builderFailed },
    { ...honest, outputs: honest.outputs.slice(1) },
    { ...honest, outputs: honest.outputs.slice(0, 1) },
    { ...honest, outputs: honest.outputs.map((o) => ({ ...o, narHash: 'sha256:false' })) },
    { ...honest, outputs: honest.outputs.map((o) => ({ ...o, references: [strange] })) },
  ]);
}
